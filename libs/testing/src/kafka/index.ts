export type { KafkaBroker, KafkaBrokerOptions, MortalKafkaBroker } from './broker.js';
export { chooseKafka, type KafkaForTests } from './choose-kafka.js';
