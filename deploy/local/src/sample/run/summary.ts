import pc from 'picocolors';
import type { Check, SampleFacts } from './facts.js';
import { receiptTotal } from './receipts.js';
import { grouped, seconds } from './text.js';

type Colors = ReturnType<typeof pc.createColors>;

export interface SummaryStyle {
  readonly colors: boolean;
}

const labelWidth = 12;
const numberWidth = 10;
const reasonsShown = 3;
const labelsWidth = 25;

/** The sample's end in a screenful: receipts, points, checks. Lines end without a line feed after the last. */
export const renderSummary = (facts: SampleFacts, { colors }: SummaryStyle): string => {
  const paint = pc.createColors(colors);
  const { firstDay, lastDay } = facts;
  return [
    `${paint.bold('Corner Shop Club')}, ${day(firstDay)} to ${day(lastDay)} ${lastDay.slice(0, 4)}`,
    '',
    ...receiptLines(facts, paint),
    '',
    ...pointLines(facts, paint),
    '',
    ...explainedLines(facts, paint),
    paint.bold('Checks'),
    ...facts.checks.map((check) => checkLine(check, paint)),
    '',
    paint.dim(
      `The quarter took ${seconds(facts.took.quarterMs)}, the checks ${seconds(facts.took.checksMs)}.`,
    ),
  ].join('\n');
};

const receiptLines = (
  { receipts, members, partnerEvents }: SampleFacts,
  paint: Colors,
): string[] => {
  const { sent, outcomes, reasons, fresh } = receipts;
  const why = (outcome: string): string => {
    const all = reasons
      .filter((one) => one.outcome === outcome && one.reason !== null)
      .sort((a, b) => b.receipts - a.receipts);
    const others = all.slice(reasonsShown).reduce((sum, one) => sum + one.receipts, 0);
    return [
      ...all
        .slice(0, reasonsShown)
        .map((one) => `${one.reason?.replaceAll('-', ' ') ?? ''} ${grouped(one.receipts)}`),
      ...(others > 0 ? [`others ${grouped(others)}`] : []),
    ].join(' · ');
  };
  return [
    `${paint.bold('Receipts')}    ${grouped(sent.messages)} sent (${grouped(receipts.overHttp)} over HTTP, ` +
      `${grouped(sent.messages - receipts.overHttp)} over the bus) by ${grouped(members.enrolled + members.known)} members and others`,
    ...(fresh === 0
      ? [paint.dim('  All of them were known from an earlier run: nothing was awarded twice.')]
      : fresh < sent.receipts
        ? [
            paint.dim(
              `  ${grouped(sent.receipts - fresh)} were known from an earlier run; ${grouped(fresh)} are new.`,
            ),
          ]
        : []),
    line('awarded', outcomes.awarded),
    line('nothing', outcomes.nothing, paint.dim(why('nothing'))),
    line('waiting', outcomes.waiting, paint.dim('their card is nobody’s yet')),
    ...(outcomes.refused > 0 ? [line('refused', outcomes.refused)] : []),
    line(
      'in all',
      receiptTotal(outcomes),
      paint.dim(
        `different ones; besides, ${sent.repeated} came twice, ${sent.corrected} were corrected, ${sent.changed} changed (refused)`,
      ),
    ),
    ...(partnerEvents > 0
      ? [line('partner', partnerEvents, paint.dim('signed events of a cinema'))]
      : []),
  ];
};

const pointLines = ({ points, redemptions }: SampleFacts, paint: Colors): string[] => [
  paint.bold('Points'),
  line('earned', points.earned),
  line('refunded', points.refunded, paint.dim(`${redemptions.cancelled} redemptions cancelled`)),
  line(
    'redeemed',
    0 - points.redeemed,
    paint.dim(
      `${grouped(redemptions.made)} redemptions; ${grouped(redemptions.refused)} refused, the points were not there`,
    ),
  ),
  line(
    'reversed',
    0 - points.reversed,
    paint.dim('goods that came back, receipts that were corrected'),
  ),
  ...(points.expired > 0 ? [line('expired', 0 - points.expired)] : []),
  line(
    'outstanding',
    points.available + points.pending + points.lapsed,
    paint.dim(
      `available ${grouped(points.available)} · pending ${grouped(points.pending)} · lapsed ${grouped(points.lapsed)}; ` +
        `members owe ${grouped(points.arrears)}`,
    ),
  ),
];

/** One award of the quarter as `tally explain` tells it. */
const explainedLines = ({ explained }: SampleFacts, paint: Colors): string[] =>
  explained === null
    ? []
    : [
        `${paint.bold('Why')}         ${explained.what}`,
        ...explained.why.map((text) => `  ${text}`),
        '',
      ];

const checkLine = ({ name, holds, seen }: Check, paint: Colors): string =>
  holds
    ? `  ${paint.green('✓')} ${name} ${paint.dim(`(${seen})`)}`
    : `  ${paint.red('✗')} ${paint.bold(name)} (${seen})`;

const line = (label: string, value: number, note = ''): string =>
  `  ${label.padEnd(labelWidth)}${grouped(value).padStart(numberWidth)}${note === '' ? '' : `   ${note}`}`;

const day = (date: string): string =>
  new Intl.DateTimeFormat('en-GB', { day: 'numeric', month: 'long', timeZone: 'UTC' }).format(
    new Date(`${date}T00:00:00Z`),
  );

/** Where to go from here, once the system serves. `dataDir`: where it is not the default, which tally has to be told. */
export const renderNext = (
  system: { readonly url: string; readonly dataDir: string | null },
  facts: Pick<SampleFacts, 'program' | 'showCard'>,
  style: SummaryStyle,
): string => {
  const paint = pc.createColors(style.colors);
  const next = (what: string, how: string): string =>
    `  ${what.padEnd(labelsWidth)}${paint.cyan(how)}`;
  const data = system.dataDir === null ? '' : `TALLYSTICK_DATA=${system.dataDir} `;
  return [
    paint.bold('Look next'),
    next('API pages', `${system.url}/`),
    next(
      'One member’s statement',
      `${data}npm run tally -- statement --program ${facts.program} --card ${facts.showCard}`,
    ),
    `  ${'Stop'.padEnd(labelsWidth)}Ctrl-C`,
  ].join('\n');
};
