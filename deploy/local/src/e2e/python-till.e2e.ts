import { execFileSync, spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import path from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { topics, type ReceiptV1Input } from '@tallystick/contracts';
import { chooseKafka, type KafkaBroker } from '@tallystick/testing/kafka';
import { startLocalSystem, type LocalSystem } from '../index.js';
import {
  enrolMany,
  houseOf,
  line,
  publish,
  receipt,
  retried,
  type House,
} from './front-door/house.js';
import { expected, numberAt } from './tools/client.js';
import { makeDataFolder, removeDataFolder } from './tools/data-folders.js';
import { eventually } from './tools/eventually.js';
import { root } from './tools/programs.js';
import { pythonWith } from './tools/python.js';

/** Receipts of each path, if `npm run python-till` asks for this by name: 100,000. */
const asked = process.env['TALLYSTICK_PYTHON_RECEIPTS'];
const receipts = Number(asked ?? 2000);
/** What an account remembers of its receipts grows with them: a few for each, as in a shop. */
const receiptsOfMember = 40;
const members = Math.ceil(receipts / receiptsOfMember);
const batchMax = 1000;
const slowestPerSecond = 100;
const withinMs = 120_000 + (receipts / slowestPerSecond) * 1000;
jest.setTimeout(4 * withinMs);

const folderOfTill = path.join(root, 'docs/python-till');
const kafka = await chooseKafka();
const python =
  kafka.kind === 'none' ? kafka : await pythonWith(path.join(folderOfTill, 'requirements.txt'));

if (kafka.kind === 'none' || python.kind === 'none') {
  const reason = kafka.kind === 'none' ? kafka.reason : python.kind === 'none' ? python.reason : '';
  if (asked !== undefined)
    throw new Error(`npm run python-till needs Python 3 with venv and pip, and a Kafka: ${reason}`);
  it.skip(`a till in Python is left out: ${reason}`, () => {});
} else {
  const { python: interpreter } = python;
  describe('a till in Python', () => {
    const paths = ['python-json', 'python-protobuf', 'http'] as const;
    const prefix = `python-${randomUUID().slice(0, 8)}.`;
    let folder: string;
    let image: string;
    let broker: KafkaBroker | undefined;
    let system: LocalSystem | undefined;
    let house: House;
    beforeAll(async () => {
      folder = await makeDataFolder();
      image = path.join(folder, 'proto.binpb');
      buf('build', '--output', image);
      broker = await kafka.share();
      system = await startLocalSystem({
        ...{ dataDir: folder, port: 0, logLevel: 'error' },
        kafka: { brokers: broker.brokers, prefix },
      });
      house = await houseOf(system, system.postgres.url);
      for (const program of paths) {
        const after = await publish(house, program);
        const cards = Array.from({ length: members }, (_, member) => cardOf(member));
        const enrolled = await enrolMany(house, program, cards, after);
        accounts.set(program, enrolled.accounts);
        await heard(program, enrolled.position);
      }
    });
    afterAll(async () => {
      await system?.stop();
      await broker?.stop();
      await removeDataFolder(folder);
    });

    /** What a till streams cannot say that it comes after the enrolment: accrual has to have heard of it. */
    const heard = async (program: string, after: string): Promise<void> => {
      await retried(() => house.manager('accrual', `/v1/programs/${program}`, { after }));
    };

    const accounts = new Map<string, readonly string[]>();
    const cardOf = (member: number): string => `98267000${String(10_000 + member)}`;

    const memberOf = (receiptNumber: number): number => (receiptNumber * 31) % members;

    const buf = (...args: readonly string[]): void => {
      const bin = path.join(root, 'node_modules/.bin');
      execFileSync(path.join(bin, 'buf'), args, {
        cwd: path.join(root, 'proto'),
        env: { ...process.env, PATH: `${bin}${path.delimiter}${process.env['PATH'] ?? ''}` },
      });
    };

    function* receiptsOf(program: string): Generator<ReceiptV1Input> {
      for (let n = 0; n < receipts; n += 1) {
        const price = `${(n * 7) % 90}.${String((n * 13) % 100).padStart(2, '0')}`;
        yield receipt(program, String(n), {
          card: cardOf(memberOf(n)),
          lines: [line(1, 'tea', '2', price), line(2, `p${n % 17}`, '1', '3.50')],
        });
      }
    }

    function* linesOf(program: string): Generator<string> {
      for (const one of receiptsOf(program)) yield `${JSON.stringify(one)}\n`;
    }

    const byPython = async (program: string, ...args: readonly string[]): Promise<unknown> => {
      const till = spawn(
        interpreter,
        [
          path.join(folderOfTill, 'till.py'),
          ...['--brokers', broker?.brokers.join() ?? ''],
          ...['--topic', `${prefix}${topics.receipts.name}`, ...args],
        ],
        { stdio: ['pipe', 'pipe', 'inherit'] },
      );
      let out = '';
      till.stdout.setEncoding('utf8').on('data', (chunk: string) => (out += chunk));
      const ended = once(till, 'close');
      await pipeline(Readable.from(linesOf(program)), till.stdin);
      expect(await ended).toEqual([0, null]);
      return JSON.parse(out);
    };

    const byHttp = async (program: string): Promise<void> => {
      let batch: ReceiptV1Input[] = [];
      const send = async (): Promise<void> => {
        const body = { receipts: batch };
        const answer = await retried(() => house.store('accrual', '/v1/receipts/batch', { body }));
        expected(answer, 200);
        batch = [];
      };
      for (const one of receiptsOf(program)) if (batch.push(one) === batchMax) await send();
      if (batch.length > 0) await send();
    };

    /** What each member's receipts are worth, computed here. */
    const pointsOfMembers = Array.from({ length: members }, () => 0);
    for (const [n, { lines }] of [...receiptsOf('any')].entries()) {
      const pence = lines.reduce(
        (sum, { quantity, unitPrice = '0' }) =>
          sum + Number(quantity) * Math.round(Number(unitPrice) * 100),
        0,
      );
      const member = memberOf(n);
      pointsOfMembers[member] = (pointsOfMembers[member] ?? 0) + Math.floor(pence / 100);
    }
    const total = pointsOfMembers.reduce((sum, points) => sum + points, 0);

    const availableIn = async (program: string): Promise<readonly number[]> => {
      const earned: number[] = [];
      for (const account of accounts.get(program) ?? []) {
        const path = `/v1/accounts/${program}/${account}`;
        const answer = await retried(() => house.manager('reporting', path));
        earned.push(numberAt(expected(answer, 200).body, 'available'));
      }
      return earned;
    };

    it(`writes ${receipts} receipts in JSON and as many in protobuf: balances equal those of the HTTP path`, async () => {
      expect(await byPython('python-json')).toEqual({ sent: receipts, failed: 0 });
      expect(await byPython('python-protobuf', '--protobuf', image)).toEqual({
        ...{ sent: receipts, failed: 0 },
      });
      await byHttp('http');
      const counted = { total: receipts, outcomes: { awarded: receipts } };
      for (const program of paths) {
        await eventually(
          `all of ${program} are awarded`,
          async () => {
            const path = `/v1/reports/${program}/receipts`;
            const report = await retried(() => house.manager('reporting', path));
            const { body } = expected(report, 200);
            return numberAt(body, 'outcomes', 'awarded') === receipts ? body : undefined;
          },
          { withinMs, everyMs: 250 },
        ).then((body) => expect(body).toMatchObject(counted));
        const earned = await eventually(`all of ${program} is on the accounts`, async () => {
          const found = await availableIn(program);
          const sum = found.reduce((all, points) => all + points, 0);
          return sum === total ? found : undefined;
        });
        expect(earned).toEqual(pointsOfMembers);
      }
    });
  });
}
