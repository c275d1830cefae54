/** What the HTTP side allows. A front door of several services has the same. */
export const bodyBytesMax = 16 * 2 ** 20;
/** From the first byte of a request to its last. */
export const requestTimeoutMs = 60_000;
/** Longer than the idle time of usual load balancers (60 s), so that it is they who close. */
export const keepAliveTimeoutMs = 72_000;
/** A connection on which nothing is said for so long, while a handler works, is closed. By the socket: Fastify's limit for handlers makes an abort signal, and an error with it, for each request. */
export const silenceTimeoutMs = 120_000;
/** Characters of one path parameter. */
export const pathParamLengthMax = 500;
/** How long a stop waits for requests in hand before it cuts them off. */
export const drainTimeoutMs = 20_000;
/** How long a request waits for `Tallystick-After`. */
export const catchUpTimeoutMs = 10_000;
