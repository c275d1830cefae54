export { redemption } from './service.js';
