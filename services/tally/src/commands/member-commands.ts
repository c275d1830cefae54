import { InvalidArgumentError, type Command } from 'commander';
import type { ExitCode } from '../exit-codes.js';
import type { ManagerOptions } from './adjustments.js';
import { byHand, day } from './arguments.js';
import {
  assignment,
  memberAttributes,
  memberSegments,
  type AttributesOptions,
  type SegmentsOptions,
} from './attributes.js';
import {
  enrolMember,
  linkCard,
  memberBirthday,
  showCard,
  showMember,
  unlinkCard,
  type BirthdayOptions,
  type EnrolOptions,
  type LinkOptions,
  type UnlinkOptions,
} from './members.js';
import { claimReceipt, showReceipt, type ClaimOptions, type ReceiptOptions } from './receipts.js';
import { tellSegmentsOfFile, type SegmentsFileOptions } from './segments-file.js';
import type { Run } from './run.js';

const cardsMax = 20;
const cards = (number: string, before: readonly string[] = []): readonly string[] => {
  if (before.length === cardsMax)
    throw new InvalidArgumentError(`A member is enrolled with at most ${cardsMax} cards.`);
  return [...before, number];
};

/** What customer service does for members: who they are, their cards, their receipts. */
export const addMemberCommands = (
  program: Command,
  run: Run,
  done: (code: ExitCode) => void,
): void => {
  const key = 'an Idempotency-Key, to send the same request again';

  const member = byHand(program.command('member').description('Enrol members, and show them'));
  member(
    'enrol',
    'Enrol a member: it gets an account of its own, or shares that of another member',
    `
Examples:
  tally member enrol --program shop --card 17850
  tally member enrol --program shop --card 17850 --card 17851 --from 2026-05-01T00:00:00Z
  tally member enrol --program shop --card 17852 --account 77aa`,
  )
    .option('--account <id>', 'the account of another member, to share it')
    .option('--card <number>', 'a card that leads to its account, repeatable', cards)
    .option('--from <time>', 'since when, such as 2026-05-01T00:00:00Z; default: from now on')
    .option('--key <text>', key)
    .action(async (options: EnrolOptions) => done(await enrolMember(run, options)));
  member(
    'show <member>',
    'Show the account and the cards of a member; with --json also what is personal',
    '\nExample:\n  tally member show 0b1c --program shop',
  ).action(async (id: string, options: ManagerOptions) => done(await showMember(run, id, options)));
  member(
    'birthday <member> [day]',
    'Set or change the birthday of a member, or forget it',
    '\nExamples:\n  tally member birthday 0b1c 1990-02-28 --program shop\n  tally member birthday 0b1c --forget --program shop',
  )
    .option('--forget', 'keep none any more')
    .action(async (id: string, born: string | undefined, options: BirthdayOptions) =>
      done(await memberBirthday(run, id, born, options)),
    );
  const from = 'since when, such as 2026-05-01T00:00:00Z; default: from now on';
  member(
    'attributes <member>',
    'Show what rules may ask of a member, and who told it; with --set, tell it',
    `
Examples:
  tally member attributes 0b1c --program shop
  tally member attributes 0b1c --program shop --set student=true --set children=2
  tally member attributes 0b1c --program shop --set city= --from 2026-05-01T00:00:00Z

The rulebook declares them under attributes. A comma makes a list, quotes make a text of a number: --set 'code="12"'.`,
  )
    .option(
      '--set <name=value>',
      'an attribute, repeatable; without a value it is none',
      assignment,
    )
    .option('--from <time>', from)
    .option('--key <text>', key)
    .action(async (id: string, options: AttributesOptions) =>
      done(await memberAttributes(run, id, options)),
    );
  member(
    'segments <member> [segments...]',
    'Set the segments of a member, in the place of all that it had',
    '\nExamples:\n  tally member segments 0b1c north early --program shop\n  tally member segments 0b1c --program shop',
  )
    .option('--from <time>', from)
    .option('--key <text>', key)
    .action(async (id: string, segments: readonly string[], options: SegmentsOptions) =>
      done(await memberSegments(run, id, segments, options)),
    );
  member(
    'segments-file <file>',
    'Set the segments of many members from a file: CSV, plain or .gz; - reads standard input',
    `
Columns: member or card, segments (several with | between them, none: it is in none), and if there is one since. Rows that follow each
other with one member and one since say together what it is in, in the place of all that it had. A day without a time counts from its
beginning; without since, from now on. The same file again changes nothing.

Examples:
  tally member segments-file segments.csv --program shop --dry-run
  tally member segments-file crm.csv.gz --program shop --mapping columns.yaml --rejects rejects.csv --json`,
  )
    .option('--mapping <yaml>', 'other names of columns, separators, encoding, time zone')
    .option(
      '--rejects <csv>',
      'where to say which rows were not taken; default: <file>.rejects.csv here, if there are any',
    )
    .option('--dry-run', 'say what would change, and change nothing')
    .action(async (file: string, options: SegmentsFileOptions) =>
      done(await tellSegmentsOfFile(run, file, options)),
    );

  const card = byHand(program.command('card').description('Link cards to members'));
  card(
    'link <member>',
    'Link a card to a member: from now on it leads to its account',
    '\nExample:\n  tally card link 0b1c --program shop --card 17850',
  )
    .requiredOption('--card <number>', 'the card')
    .option('--key <text>', key)
    .action(async (id: string, options: LinkOptions) => done(await linkCard(run, id, options)));
  card(
    'unlink <member>',
    'Take a card from a member, which was lost or given back: from now on it leads to nobody',
    '\nExamples:\n  tally card unlink 0b1c --program shop --card 17850\n  tally card unlink 0b1c --program shop --token 5f21\n\ntally member show names the tokens.',
  )
    .option('--card <number>', 'the card')
    .option('--token <token>', 'its token, where nobody knows the number')
    .option('--key <text>', key)
    .action(async (id: string, options: UnlinkOptions) => done(await unlinkCard(run, id, options)));
  card(
    'show',
    'Show whom a card leads to',
    '\nExample:\n  tally card show --program shop --card 17850',
  )
    .requiredOption('--card <number>', 'the card')
    .action(async (options: ManagerOptions & { readonly card: string }) =>
      done(await showCard(run, options)),
    );

  const receipt = (name: string, description: string, example: string): Command =>
    byHand(program)(`${name} <store> <till> <number>`, description, example)
      .requiredOption('--chain <id>', 'the chain of its shop')
      .requiredOption('--date <day>', 'its business date: 2026-05-05', day);
  receipt(
    'claim',
    'Give a receipt without a card to an account, by its number; once',
    '\nExample:\n  tally claim 12 3 4711 --program shop --chain acme --date 2026-05-05 --card 17850 --total 25.50',
  )
    .option('--card <number>', 'a card of the account')
    .option('--account <id>', 'the account')
    .option('--total <decimal>', 'what it comes to: refused where that is not so')
    .action(async (store: string, till: string, number: string, options: ClaimOptions) =>
      done(await claimReceipt(run, { store, till, number }, options)),
    );
  receipt(
    'receipt',
    'Show what became of a receipt, line by line',
    '\nExample:\n  tally receipt 12 3 4711 --program shop --chain acme --date 2026-05-05',
  ).action(async (store: string, till: string, number: string, options: ReceiptOptions) =>
    done(await showReceipt(run, { store, till, number }, options)),
  );
};
