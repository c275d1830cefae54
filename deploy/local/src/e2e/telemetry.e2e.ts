import { toldSuite } from './telemetry/told-suite.js';

toldSuite('PostgreSQL', async () => ({ env: {}, stop: async () => {} }));
