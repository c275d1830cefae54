import { testStarter } from '@tallystick/testing/service';
import { enrollment } from '../index.js';

export const startEnrollment = testStarter(enrollment, '/v1/members/none/none');
