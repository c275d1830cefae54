export { enrollment } from './service.js';
