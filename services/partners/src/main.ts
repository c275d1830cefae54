import { runService } from '@tallystick/service-host';
import { partners } from './service.js';

await runService(partners);
