import { runService } from '@tallystick/service-host';
import { accrual } from './service.js';

await runService(accrual);
