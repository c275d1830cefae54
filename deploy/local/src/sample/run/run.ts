import { randomBytes } from 'node:crypto';
import { systemClock } from '@tallystick/kernel';
import { z } from 'zod';
import type { LocalSystem } from '../../system/local-system.js';
import { program } from '../quarter/assortment.js';
import { newestQuarter } from '../quarter/calendar.js';
import { sampleQuarter, type SampleQuarter } from '../quarter/quarter.js';
import { explainOne } from './asking-till.js';
import { checksOf } from './checks.js';
import { createClient, type Client } from './client.js';
import type { SampleFacts } from './facts.js';
import { readMemory, writeMemory } from './memory-file.js';
import { partnerSecret, sendPartnerEvent } from './partner.js';
import { play, sellAsked, stepsOf, type Played, type Stage } from './play.js';
import { publishProgramme } from './programme.js';
import type { Progress } from './progress.js';
import { sendBatch } from './receipts.js';
import { readReceipts, readSummary, readTrialBalance, replay } from './reports.js';

/** Names the sample in tokens and events: the same on every run, for an Idempotency-Key belongs to its caller. */
const subject = 'sample-shop';
/** Signs the programme: never who wrote it. */
const secondSubject = 'sample-head-office';

export interface SampleOptions {
  /** Only the first so many weeks of the quarter. */
  readonly weeks: number;
  readonly progress: Progress;
  readonly signal: AbortSignal;
}

/**
 * Plays the sample's quarter to a running system, and checks what came of it. What was done by an earlier run is
 * recognised by the services and not done again: an interrupted run is gone on with, a whole one changes nothing.
 */
export const runSample = async (
  system: LocalSystem,
  { weeks, progress, signal }: SampleOptions,
): Promise<SampleFacts> => {
  const startedAt = performance.now();
  const kept = await readMemory(system.folder);
  const first = kept?.quarter ?? newestQuarter(systemClock());
  const quarter = sampleQuarter(first, { weeks });
  const everywhere = { programs: ['*'], chains: ['*'], stores: ['*'] };
  const client = createClient(
    system,
    { sub: subject, roles: ['manager', 'store', 'auditor'], ...everywhere },
    signal,
  );
  const second = createClient(
    system,
    { sub: secondSubject, roles: ['manager'], ...everywhere },
    signal,
  );
  const bus = system.openBus('tallystick-sample');
  const store = await system.openEventStore();
  progress.start(stepsOf(quarter));
  try {
    const programmeAt = await publishProgramme(client, second);
    const secret = await partnerSecret(client, program, kept?.partnerSecret ?? null);
    await writeMemory(system.folder, { quarter: first, partnerSecret: secret });
    const before = await readReceipts(client, program, await store.head());
    const stage: Stage = { client, bus, program, partnerSecret: secret, signal, progress };
    const played = await play(stage, quarter, programmeAt);
    await settle(client, played);
    const asked = await sellAsked(stage, played, quarter.asking);
    progress.stop();
    const playedAt = performance.now();

    const head = await store.head();
    const [receipts, summary, trialBalance] = [
      await readReceipts(client, program, head),
      await readSummary(client, program, head),
      await readTrialBalance(client, program, head),
    ];
    const outcomes = played.answers.counts();
    const checks = checksOf({
      sent: quarter.sent,
      played,
      outcomes,
      receipts,
      summary,
      trialBalance,
      replay: await replay(client, signal),
      forgedStatus: await forge(client, quarter),
      asked,
    });
    return {
      program,
      firstDay: quarter.firstDay,
      lastDay: quarter.lastDay,
      receipts: {
        sent: quarter.sent,
        fresh: receipts.total - before.total,
        overHttp: played.overHttp,
        outcomes,
        reasons: receipts.reasons,
      },
      members: played.members,
      redemptions: played.redemptions,
      partnerEvents: played.partnerEvents,
      points: { ...summary, ...summary.outstanding },
      checks,
      explained: await explainOne(client, asked),
      took: { quarterMs: playedAt - startedAt, checksMs: performance.now() - playedAt },
      showCard: quarter.showCard,
    };
  } finally {
    progress.stop();
    await Promise.all([bus.close(), store.close()]);
  }
};

/** Waits until accrual has done what it heard of, and asks again about the receipts that waited for their card. */
const settle = async (client: Client, { answers, position }: Played): Promise<void> => {
  await client.expect({
    service: 'accrual',
    method: 'GET',
    path: `/v1/programs/${program}`,
    ...(position === undefined ? {} : { after: position }),
    answer: z.looseObject({}),
  });
  const waiting = answers.waiting();
  if (waiting.length === 0) return;
  const outcomes = await sendBatch(client, waiting, undefined);
  waiting.forEach((receipt, index) => {
    const outcome = outcomes[index];
    if (outcome !== undefined) answers.take(receipt, outcome);
  });
};

/** A partner event signed with a secret that nobody was given. */
const forge = async (client: Client, quarter: SampleQuarter): Promise<number> => {
  const reply = await sendPartnerEvent(
    client,
    program,
    {
      id: 'evt-forged',
      body: { type: 'review-written', occurredAt: systemClock(), card: quarter.showCard },
    },
    `whsec_${randomBytes(32).toString('base64')}`,
  );
  return reply.status;
};
