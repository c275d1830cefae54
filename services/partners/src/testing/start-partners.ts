import { testStarter } from '@tallystick/testing/service';
import { partners } from '../index.js';

export const startPartners = testStarter(partners, '/v1/partners/none/none');
