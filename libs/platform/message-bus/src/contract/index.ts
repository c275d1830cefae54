export { messageBusContract } from './message-bus-contract.js';
export { assumed, type BusUnderTest, type OpenBus } from './bus-under-test.js';
