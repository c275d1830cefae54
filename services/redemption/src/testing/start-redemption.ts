import { testStarter } from '@tallystick/testing/service';
import { redemption } from '../index.js';

export const startRedemption = testStarter(redemption, '/v1/holds/none/none');
