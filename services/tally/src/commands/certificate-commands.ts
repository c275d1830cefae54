import type { Command } from 'commander';
import type { ExitCode } from '../exit-codes.js';
import { byHand } from './arguments.js';
import { showCertificateReport, type CertificateReportOptions } from './certificate-report.js';
import {
  giveCertificateBack,
  useCertificate,
  type GiveBackOptions,
  type UseOptions,
} from './certificates.js';
import type { Run } from './run.js';

/** What customer service does for members with gift certificates that they have. */
export const addCertificateCommands = (
  program: Command,
  run: Run,
  done: (code: ExitCode) => void,
): void => {
  const key = 'an Idempotency-Key, to send the same request again';
  const certificate = byHand(
    program
      .command('certificate')
      .description(
        'Pay with a gift certificate, give it back, and report all of a programme; tally explain shows those of an account',
      ),
  );
  certificate(
    'use <certificate>',
    'Pay with a gift certificate, once and whole: no change is given',
    `
Example:
  tally certificate use certificate/shop/77aa/gift/2026-01-01 --program shop --account 77aa --reference "till 7"

tally explain --account <id> names each certificate.`,
  )
    .option('--card <number>', 'a card of the account')
    .option('--account <id>', 'the account')
    .requiredOption('--reference <text>', "the till's or the shop's own reference")
    .option('--key <text>', key)
    .action(async (id: string, options: UseOptions) =>
      done(await useCertificate(run, id, options)),
    );
  certificate(
    'give-back <use>',
    'Give a gift certificate back whose sale was cancelled, once: it can be used again',
    `
Example:
  tally certificate give-back 6b0f1e --program shop --reason "the goods came back"

The statement names each use.`,
  )
    .requiredOption('--reason <text>', 'why; kept for ever, nothing personal')
    .option('--key <text>', key)
    .action(async (use: string, options: GiveBackOptions) =>
      done(await giveCertificateBack(run, use, options)),
    );
  certificate(
    'report',
    'Show the gift certificates of a programme by rule and period, and their double entry; exit code 1 if it does not balance',
    `
Examples:
  tally certificate report --program shop
  tally certificate report --program shop --position 120000 --json`,
  )
    .option('--position <number>', 'as of this place in the event store; default: as of now')
    .action(async (options: CertificateReportOptions) =>
      done(await showCertificateReport(run, options)),
    );
};
