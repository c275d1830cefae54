/** Starts a Kafka by Java, prints its process and its folder, and stays until it is killed; for the test of that. */
import { startJavaKafka } from './java-kafka.js';

const broker = await startJavaKafka();
process.stdout.write(`${JSON.stringify([broker.pid(), broker.folder])}\n`);
setInterval(() => {}, 1000);
