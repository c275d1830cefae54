import { randomBytes } from 'node:crypto';

/** W3C Trace Context, version 00. */
const pattern = /^00-(?!0{32})[0-9a-f]{32}-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}$/;

export const isTraceparent = (text: string): boolean => pattern.test(text);

/**
 * One run is one trace: that of whoever calls us, as `TRACEPARENT` says it, or a new one, which is recorded wherever telemetry
 * is on. Where `tally` itself tells nothing (`tellRun`), its requests are the first spans.
 */
export const traceOfRun = ({ TRACEPARENT: given = '' }: NodeJS.ProcessEnv): string =>
  isTraceparent(given)
    ? given
    : `00-${randomBytes(16).toString('hex')}-${randomBytes(8).toString('hex')}-01`;
