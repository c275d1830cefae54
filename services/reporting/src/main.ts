import { runService } from '@tallystick/service-host';
import { reporting } from './service.js';

await runService(reporting);
