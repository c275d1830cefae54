import { z } from 'zod';
import { createPool, type Database } from '@tallystick/postgres';

/** What PostgreSQL's `auto_explain` says of one node of a plan that it has run. */
export interface PlanNode {
  readonly node: string;
  readonly index?: string;
  readonly relation?: string;
  /** How often it was run: 0 where it turned out not to be needed. */
  readonly loops: number;
  /** Rows that it gave, over all its loops. */
  readonly rows: number;
  /** Pages that it and what is below it looked at: found in PostgreSQL's memory, and fetched. */
  readonly hit: number;
  readonly read: number;
  readonly below: readonly PlanNode[];
}

export interface Plan {
  /** The statement, as it was sent or as it stands in a function. */
  readonly statement: string;
  readonly ms: number;
  readonly root: PlanNode;
}

/** A database whose every statement, those inside functions too, tells the plan by which it was run. */
export interface Explained {
  readonly db: Database;
  /** What has been told since the last time, in the order in which the statements ended. */
  readonly take: () => readonly Plan[];
}

const settings = {
  session_preload_libraries: 'auto_explain',
  'auto_explain.log_min_duration': '0',
  'auto_explain.log_nested_statements': 'on',
  'auto_explain.log_analyze': 'on',
  'auto_explain.log_buffers': 'on',
  'auto_explain.log_format': 'json',
  'auto_explain.log_level': 'notice',
};

/** Opens a database as its superuser, who alone may have statements explained. */
export const openExplained = (adminUrl: string): Explained => {
  const url = new URL(adminUrl);
  const options = Object.entries(settings).map(([name, value]) => `-c ${name}=${value}`);
  url.searchParams.set('options', options.join(' '));
  const db = createPool(url.href, { applicationName: 'tallystick plans' });
  const plans: Plan[] = [];
  db.on('connect', (client) => {
    client.on('notice', ({ message }) => {
      const plan = planIn(message ?? '');
      if (plan !== undefined) plans.push(plan);
    });
  });
  return { db, take: () => plans.splice(0) };
};

const rawNode = z.looseObject({
  'Node Type': z.string(),
  'Index Name': z.string().optional(),
  'Relation Name': z.string().optional(),
  'Actual Rows': z.number(),
  'Actual Loops': z.number(),
  'Shared Hit Blocks': z.number(),
  'Shared Read Blocks': z.number(),
  Plans: z.array(z.unknown()).optional(),
});
const rawPlan = z.object({ 'Query Text': z.string(), Plan: z.unknown() });
const notice = /^duration: ([\d.]+) ms {2}plan:\n([^]*)$/;

const planIn = (message: string): Plan | undefined => {
  const [, ms, json] = notice.exec(message) ?? [];
  if (ms === undefined || json === undefined) return undefined;
  const plan = rawPlan.parse(JSON.parse(json));
  return { statement: plan['Query Text'].trim(), ms: Number(ms), root: nodeOf(plan.Plan) };
};

const nodeOf = (raw: unknown): PlanNode => {
  const node = rawNode.parse(raw);
  const { 'Index Name': index, 'Relation Name': relation } = node;
  return {
    node: node['Node Type'],
    ...(index === undefined ? {} : { index }),
    ...(relation === undefined ? {} : { relation }),
    loops: node['Actual Loops'],
    rows: Math.round(node['Actual Rows'] * node['Actual Loops']),
    hit: node['Shared Hit Blocks'],
    read: node['Shared Read Blocks'],
    below: (node.Plans ?? []).map(nodeOf),
  };
};

export const everyNode = (node: PlanNode): readonly PlanNode[] => [
  node,
  ...node.below.flatMap(everyNode),
];

/** The plan as lines for people, without what only passes rows on. */
export const linesOf = ({ node, index, relation, rows, hit, read, below }: PlanNode): string[] => {
  const what = index ?? relation;
  const own = `${node}${what === undefined ? '' : ` ${what}`}, ${rows} rows, ${hit + read} pages (${read} read)`;
  return [own, ...below.flatMap(linesOf).map((line) => `  ${line}`)];
};
