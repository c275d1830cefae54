import { runService } from '@tallystick/service-host';
import { enrollment } from './service.js';

await runService(enrollment);
