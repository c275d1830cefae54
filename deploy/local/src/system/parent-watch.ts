/**
 * Loaded into a service's process before its own code (`node --import`): when the process that started it is gone,
 * however it went, this one ends too. Nothing is left behind by a start that was killed.
 */
const graceMs = 10_000;

process.once('disconnect', () => {
  setTimeout(() => process.exit(1), graceMs).unref();
  process.kill(process.pid, 'SIGTERM');
});
process.channel?.unref();
