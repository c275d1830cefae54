import { receiptV1, type ReceiptOutcome } from '@tallystick/contracts';
import {
  addMs,
  dayAt,
  epochMs,
  programId,
  startOfDay,
  timeZone,
  type Clock,
  type Instant,
  type LocalDate,
} from '@tallystick/kernel';
import { AppendRefused } from '@tallystick/event-store';
import type { Fact } from '@tallystick/receipts';
import {
  mayChain,
  mayProgram,
  mayStore,
  metadata,
  problem,
  ProblemException,
  type Caller,
  type CardTokens,
  type Log,
  type RequestContext,
} from '@tallystick/service-host';
import { toReceiptFact } from '../intake/receipt-form.js';
import type { Telemetry } from '@tallystick/telemetry';
import type { Arrival, Settled } from '../settle/settle-fact.js';
import type { IntakeQueue } from '../settle/intake-queue.js';
import { countRefused } from '../settle/telling.js';

const dayMs = 86_400_000;
const utc = timeZone('UTC');
/** How far a till's clock may be ahead of ours. Beyond that its lots would begin and lapse at the wrong time, and count in the wrong year. */
const clockSkewMsMax = 15 * 60_000;

/** How far a receipt's business date may be from its time: a store's day may end after midnight, in any time zone. Its name and its returns go by the one, its rating by the other. */
const daysApartMax = 2;

/** Per receipt, in order: its outcome, or the problem with it. */
export type Submission =
  | { readonly kind: 'outcome'; readonly outcome: ReceiptOutcome; readonly position: bigint }
  | { readonly kind: 'problem'; readonly problem: ProblemException };

export interface SubmitDeps {
  readonly queue: IntakeQueue;
  readonly tokens: CardTokens;
  readonly clock: Clock;
  readonly log: Log;
  /** Null: telemetry is off. */
  readonly telemetry: Telemetry | null;
}

/** Takes receipts in their v1 form, checked or not: one handler for a single one, a batch, the bus and an import. */
export const submitReceipts = async (
  deps: SubmitDeps,
  receipts: readonly unknown[],
  context: RequestContext,
  caller: Caller | null,
): Promise<Submission[]> => {
  const read = receipts.map((receipt) => readReceipt(deps, receipt, context, caller));
  const arrivals = read.filter((item): item is Arrival => !(item instanceof ProblemException));
  const answers = await deps.queue.settle(arrivals);
  let next = 0;
  const submissions = read.map((item): Submission => {
    if (item instanceof ProblemException) return { kind: 'problem', problem: item };
    const answer = answers[next];
    next += 1;
    if (answer?.kind === 'unsettleable' && answer.error instanceof AppendRefused)
      return { kind: 'problem', problem: tooLarge() };
    if (answer?.kind === 'unsettleable') {
      deps.log.error({ err: answer.error, fact: item.fact.id }, 'a fact cannot be settled');
      return { kind: 'problem', problem: unsettleable() };
    }
    if (answer?.kind !== 'settled')
      return { kind: 'problem', problem: programUnknown(item.fact.program) };
    return {
      kind: 'outcome',
      outcome: receiptOutcomeOf(item.fact, answer.outcome),
      position: answer.position,
    };
  });
  // Outcomes are counted where they are decided, those of receipts that waited among them; refusals over the bus with their batch.
  if (caller !== null)
    countRefused(deps.telemetry, submissions.filter(({ kind }) => kind === 'problem').length);
  return submissions;
};

export const receiptOutcomeOf = (fact: Fact, settled: Settled): ReceiptOutcome => ({
  receipt: fact.id,
  ...settled,
  lines: [...settled.lines],
});

/** One receipt in its v1 form: what is to be settled, or what is wrong with it. */
export const readReceipt = (
  { tokens, clock }: Pick<SubmitDeps, 'tokens' | 'clock'>,
  receipt: unknown,
  context: RequestContext,
  caller: Caller | null,
): Arrival | ProblemException => {
  const checked = receiptV1.safeParse(receipt);
  if (!checked.success) {
    return invalidReceipt(
      checked.error.issues.map(({ path, message }) => ({
        field: path.join('.') || 'receipt',
        message,
      })),
    );
  }
  if (caller !== null) {
    try {
      mayProgram(caller, checked.data.program);
      mayStore(caller, checked.data);
      // Goods may come back at any store of the chain that sold them: a till takes nothing back of another chain's sales.
      for (const { original } of checked.data.lines)
        if (original !== undefined) mayChain(caller, original);
    } catch (error) {
      if (error instanceof ProblemException) return error;
      throw error;
    }
  }
  const fact = toReceiptFact(checked.data, (program, card) => tokens.tokenOf(program, card));
  if (!fact.ok) return invalidReceipt([fact.error]);
  const { program, occurredAt } = fact.value;
  if (occurredAt > addMs(clock(), clockSkewMsMax)) {
    const message = 'lies in the future: set the clock of the till, and its offset from UTC';
    return invalidReceipt([{ field: 'occurredAt', message }]);
  }
  if (daysApart(fact.value.ref.businessDate, occurredAt) > daysApartMax) {
    const message = `lies more than ${daysApartMax} days from occurredAt: send the day on which the store booked it`;
    return invalidReceipt([{ field: 'businessDate', message }]);
  }
  return { fact: fact.value, metadata: metadata(context, { program, occurredAt }, clock) };
};

const daysApart = (day: LocalDate, at: Instant): number =>
  Math.abs(epochMs(startOfDay(day, utc)) - epochMs(startOfDay(dayAt(at, utc), utc))) / dayMs;

export const invalidReceipt = (
  errors: readonly { field: string; message: string }[],
): ProblemException =>
  problem({
    status: 422,
    type: 'receipt-invalid',
    title: 'The receipt is not as its v1 form says',
    errors: errors.slice(0, 100),
  });

export const programUnknown = (program: string): ProblemException =>
  problem({
    status: 404,
    type: 'program-unknown',
    title: 'There is no such programme',
    detail: `Programme ${programId(program)} has not been published: publish a rulebook for it first.`,
  });

/** Its lines are more than one event of the receipt's own stream holds. */
const tooLarge = (): ProblemException =>
  problem({
    status: 422,
    type: 'receipt-too-large',
    title: 'This receipt is larger than the ledger keeps',
    detail:
      'What it says takes more than a million bytes. Nothing of it was kept: send its lines as several receipts.',
  });

/** Not the till's fault, but trying again does not help: kept out of the way of the others, and in the log. */
const unsettleable = (): ProblemException =>
  problem({
    status: 500,
    type: 'receipt-unsettleable',
    title: 'This receipt cannot be rated',
    detail: 'Nothing of it was kept. The log says why; the other receipts are not touched by it.',
  });
