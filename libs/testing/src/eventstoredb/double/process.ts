import { argv, stdout } from 'node:process';
import { startEventStoreDbDouble } from './server.js';

/**
 * The double of EventStoreDB as a process of its own. Arguments: the port (0: any free one), the largest append in bytes, and
 * the folder of its log, without which it keeps nothing. Prints its URL when it answers. SIGUSR2 breaks its connections, SIGHUP empties it: both
 * print a line when that is done. SIGTERM ends it, and so does the end of the process that started it.
 */
const [, , port = '0', maxAppendBytes = '', folder] = argv;
const double = await startEventStoreDbDouble({
  port: Number(port),
  maxAppendBytes: Number(maxAppendBytes),
  ...(folder === undefined ? {} : { folder }),
});
process.on('SIGUSR2', () => {
  double.breakConnections();
  stdout.write('broken\n');
});
process.on('SIGHUP', () => {
  void double.empty().then(() => stdout.write('empty\n'));
});
process.on('SIGTERM', () => {
  void double.close().then(() => process.exit(0));
});
const parent = process.ppid;
setInterval(() => {
  if (process.ppid !== parent) process.exit(1);
}, 1_000);
stdout.write(`${double.url}\n`);
