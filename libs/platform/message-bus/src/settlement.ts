import type { KeptAs, Message, Verdict } from './port.js';

export interface Burial {
  readonly offset: bigint;
  readonly reason: string;
  readonly keptAs?: KeptAs;
  /** Of the message, as it came. */
  readonly traceparent?: string;
}

/** What a batch's verdicts mean for its partition. */
export interface Settlement {
  /** How many messages, from the first on, are done with. */
  readonly passed: number;
  /** Those of them that are to be buried. */
  readonly poison: readonly Burial[];
  /** Why the message behind those is to be tried again. */
  readonly retry?: string;
}

/** A reason is a sentence: what is longer is cut. */
const reasonCharsMax = 2000;

/** As text that can be stored: it may quote what came from outside. */
const asText = (text: string): string => text.replaceAll('\0', '\uFFFD').toWellFormed();
const asReason = (text: string): string => asText(text.slice(0, reasonCharsMax));
const asKept = ({ key, value }: KeptAs): KeptAs => ({ key: asText(key), value: asText(value) });

const wordOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));

export const settle = (batch: readonly Message[], verdicts: readonly Verdict[]): Settlement => {
  if (verdicts.length !== batch.length)
    return {
      passed: 0,
      poison: [],
      retry: `the handler gave ${verdicts.length} verdicts on ${batch.length} messages`,
    };
  const poison: Burial[] = [];
  for (const [index, message] of batch.entries()) {
    const verdict = verdicts[index];
    if (verdict === undefined) throw new Error('there is a verdict on each message');
    if (verdict.kind === 'retry') return { passed: index, poison, retry: asReason(verdict.reason) };
    const { traceparent } = message.headers;
    if (verdict.kind === 'poison')
      poison.push({
        offset: message.offset,
        reason: asReason(verdict.reason),
        ...(verdict.keptAs === undefined ? {} : { keptAs: asKept(verdict.keptAs) }),
        ...(traceparent === undefined ? {} : { traceparent }),
      });
  }
  return { passed: batch.length, poison };
};

/** The settlement of a batch whose handler threw. */
export const settleThrown = (error: unknown): Settlement => ({
  passed: 0,
  poison: [],
  retry: asReason(`the handler threw: ${wordOf(error)}`),
});
