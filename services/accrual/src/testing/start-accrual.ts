import { testStarter } from '@tallystick/testing/service';
import { accrual } from '../index.js';

export const startAccrual = testStarter(accrual, '/v1/programs/none');
