import { runService } from '@tallystick/service-host';
import { redemption } from './service.js';

await runService(redemption);
