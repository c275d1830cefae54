export { accrual } from './service.js';
