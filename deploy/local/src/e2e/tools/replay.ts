import { at, expected, listAt, textAt, type Client } from './client.js';
import { eventually } from './eventually.js';

const endsWithinMs = 300_000;

/** Lets reporting fold the whole store again, and answers the report. */
export const replay = async (ops: Client, { rebuild = false } = {}): Promise<unknown> => {
  const started = await ops('reporting', '/v1/replays', { body: { rebuild } });
  const path = `/v1/replays/${textAt(expected(started, 202).body, 'replay')}`;
  return await eventually(
    'the replay has ended',
    async () => {
      const { body } = await ops('reporting', path);
      return at(body, 'endedAt') === null ? undefined : body;
    },
    { withinMs: endsWithinMs, everyMs: 250 },
  );
};

/** The digest of each view, which leaves out what only says when and where a row was written. */
export const viewDigests = (report: unknown): unknown[] =>
  listAt(report, 'views').map((view) => [textAt(view, 'view'), at(view, 'digest', 'live')]);
