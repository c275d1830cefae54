export { partners } from './service.js';
