import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { topics } from '@tallystick/contracts';
import { BusUnavailable, type MessageBus } from '@tallystick/message-bus';
import { createPool, type Database } from '@tallystick/postgres';
import { chooseKafka, type MortalKafkaBroker } from '@tallystick/testing/kafka';
import { startLocalSystem, type LocalSystem } from '../index.js';
import { enrolMany, houseOf, publish, retried, type House } from './front-door/house.js';
import { breakThings, type Fault } from './kafka-chaos/faults.js';
import { outcomesOf, type Outcomes } from './kafka-chaos/outcomes.js';
import { cardNumber, faultsOf, program, scriptOf, type Plan } from './kafka-chaos/plan.js';
import { watchProgress } from './kafka-chaos/progress.js';
import { comparePublished } from './kafka-chaos/published.js';
import { sendAll, type Sent } from './kafka-chaos/sending.js';
import { makeDataFolder, removeDataFolder } from './tools/data-folders.js';
import { eventually } from './tools/eventually.js';
import { say, timed } from './tools/say.js';
import { withStore } from './tools/store.js';

const numberOf = (name: string, otherwise: number): number =>
  Number(process.env[`TALLYSTICK_CHAOS_${name}`] ?? otherwise);

/** `npm run chaos:kafka` makes it a million messages and twenty faults. */
const plan: Plan = {
  messages: numberOf('MESSAGES', 2_000),
  cards: numberOf('CARDS', 200),
  seed: numberOf('SEED', Math.floor(Math.random() * 1_000_000)),
  rebalances: numberOf('REBALANCES', 2),
  brokerKills: numberOf('BROKER_KILLS', 1),
  serviceKills: numberOf('SERVICE_KILLS', 1),
};
const faultsPlanned = faultsOf(plan);
const slowestPerSecond = 100;
const setUpMs = 300_000;
const heardWithinMs = 120_000 + (plan.messages / slowestPerSecond) * 1_000;
jest.setTimeout(setUpMs + faultsPlanned * 60_000 + 2 * heardWithinMs);

const kafka = await chooseKafka();

if (kafka.kind === 'none' || kafka.kind === 'given')
  it.skip(`chaos on Kafka is left out: ${kafka.kind === 'none' ? kafka.reason : 'KAFKA_BROKERS names one that nobody kills'}`, () => {});
else
  describe(`${plan.messages} receipts over Kafka, with ${plan.rebalances} rebalances, ${plan.brokerKills} kills of the broker and ${plan.serviceKills} of services`, () => {
    const prefix = `chaos-${randomUUID().slice(0, 8)}.`;
    const script = scriptOf(plan);
    const log: string[] = [];
    let folder: string;
    let broker: MortalKafkaBroker;
    let system: LocalSystem;
    let house: House;
    let bus: MessageBus;
    let db: Database;
    let sent: Sent;
    let faults: readonly Fault[];
    let outcomes: Outcomes;

    beforeAll(async () => {
      say(`seed ${plan.seed}, ${plan.cards} cards`);
      folder = await makeDataFolder();
      broker = await kafka.start({ mortal: true });
      system = await startLocalSystem({
        ...{ dataDir: folder, port: 0, processes: 5, logLevel: 'fatal' },
        kafka: { brokers: broker.brokers, prefix },
        log: (line) => log.push(line),
      });
      house = await houseOf(system, system.postgres.url);
      bus = house.openBus();
      db = createPool(system.postgres.url, { max: 1, applicationName: 'tallystick chaos' });
      await timed('members', enrolAll);
    }, setUpMs);
    afterAll(async () => {
      await bus.close();
      await db.end();
      await system.stop();
      await broker.stop();
      await removeDataFolder(folder);
    }, setUpMs);

    const enrolAll = async (): Promise<void> => {
      const published = await publish(house, program);
      const cards = Array.from({ length: plan.cards }, (_, card) => cardNumber(card));
      const { position: after } = await enrolMany(house, program, cards, published);
      // What a till streams cannot say that it comes after the enrolment: accrual has to have heard of it.
      const heard = () => house.manager('accrual', `/v1/programs/${program}`, { after });
      await eventually(
        'accrual has heard of all members',
        async () => ((await heard()).status === 200 ? true : undefined),
        { withinMs: setUpMs },
      );
      // Opening an account is an event, too: what is counted begins behind the last.
      await quiet();
    };

    /** Nothing is on its way any more: the relay is at the store's end, and everybody has heard of what it published. */
    const quiet = async (): Promise<void> => {
      const { receipts, ledger, receiptLog, membership } = topics;
      const of = {
        accrual: [receipts, ledger, receiptLog, membership],
        reporting: [ledger, receiptLog],
      };
      await eventually(
        'everything has been heard',
        async () => {
          const { rows } = await db.query<{ behind: string }>(
            `select ((select coalesce(max(position), 0) from eventstore.events)
                   - (select coalesce(max(position), 0) from relay.positions))::text as behind`,
          );
          if (rows[0]?.behind !== '0') return undefined;
          for (const [group, read] of Object.entries(of)) {
            const names = read.map(({ name }) => name);
            // A broker that was killed a moment ago may not answer yet.
            const lag = await bus.lag(group, names).catch((error: unknown) => {
              if (error instanceof BusUnavailable) return undefined;
              throw error;
            });
            if (lag !== 0n) return undefined;
          }
          return true;
        },
        { withinMs: heardWithinMs, everyMs: 250 },
      );
    };

    it('goes on by itself after each fault', async () => {
      const { fresh } = script.counts;
      const progress = await watchProgress({ system, db, bus, expected: fresh });
      const giveUp = new AbortController();
      const began = performance.now();
      try {
        const sending = sendAll(bus, plan, script, progress, giveUp.signal);
        sending.catch(() => undefined);
        const parts = { system, broker, progress, expected: fresh };
        faults = await breakThings({ ...parts, kafka: { brokers: broker.brokers, prefix } }, plan);
        sent = await sending;
        const seconds = (performance.now() - began) / 1_000;
        say(
          `${plan.messages} messages in ${seconds.toFixed(0)} s, ${(plan.messages / seconds).toFixed(0)} a second`,
        );
      } finally {
        giveUp.abort(new Error('the run was given up'));
        await progress.stop();
      }
      await timed('the rest is heard', quiet);
      expect(faults).toHaveLength(faultsPlanned);
      expect(log.filter((line) => / ended \((?!SIGKILL)/.test(line))).toEqual([]);
    });

    it('every message has one outcome, sums are exact, the order of each card is kept, nothing is there twice', async () => {
      outcomes = await timed('comparing what came in', () =>
        withStore(system.postgres.url, (store) => outcomesOf(bus, store, plan, script)),
      );
      expect(outcomes.wrong).toEqual([]);
      expect(outcomes.awarded).toBe(script.counts.fresh);
      expect(outcomes.deadLetters).toBeGreaterThanOrEqual(script.counts.poison);
    });

    it('the ledger went out whole, each account in its order', async () => {
      const published = await timed('comparing what went out', () =>
        withStore(system.postgres.url, (store) => comparePublished(bus, store)),
      );
      report(published.events, published.again, outcomes.wrong.length + published.wrong.length);
      expect(published.wrong).toEqual([]);
    });

    it('the views say the same', async () => {
      const answer = await retried(() =>
        house.auditor('reporting', `/v1/reports/${program}/trial-balance`),
      );
      expect(answer.body).toMatchObject({ sum: 0, balanced: true, differenceCount: 0 });
      const { rows } = await db.query<{ points: string }>(
        `select coalesce(sum(unspent), 0)::text as points from reporting.accounts where program = $1`,
        [program],
      );
      expect(Number(rows[0]?.points)).toBe(outcomes.points);
    });

    const report = (events: number, again: number, wrong: number): void => {
      const ofKind = (kind: Fault['kind']) => faults.filter((fault) => fault.kind === kind);
      const slowest = (kind: Fault['kind']): string =>
        `${(Math.max(0, ...ofKind(kind).map(({ goesOnMs }) => goesOnMs)) / 1_000).toFixed(1)} s`;
      const rows: readonly (readonly [string, number | string])[] = [
        ['messages that a till sent', plan.messages],
        ['batches sent again', sent.retries],
        ['messages on the topic', outcomes.delivered],
        ['awarded', outcomes.awarded],
        ['known already', outcomes.duplicates],
        ['dead letters', outcomes.deadLetters],
        ...[...outcomes.reasons].map(([reason, count]) => [`  ${reason}`, count] as const),
        ['points', outcomes.points],
        ['events of the ledger, on its topic', events],
        ['published again, with the same id', again],
        [`rebalances, slowest ${slowest('rebalance')}`, ofKind('rebalance').length],
        [`kills of the broker, slowest ${slowest('broker')}`, ofKind('broker').length],
        [`kills of services, slowest ${slowest('service')}`, ofKind('service').length],
        ['lost, twice, out of order', wrong],
      ];
      const width = Math.max(...rows.map(([what]) => what.length));
      for (const [what, count] of rows) say(`${what.padEnd(width)}  ${String(count).padStart(12)}`);
    };
  });
