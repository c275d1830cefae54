export * from './port.js';
export * from './new-event.js';
