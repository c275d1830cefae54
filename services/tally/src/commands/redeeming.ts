import { z } from 'zod';
import { exitCodes, Failure, type ExitCode } from '../exit-codes.js';
import { whole } from '../output/table.js';
import { momentOf } from './balance-table.js';
import { orderOnce, type KeyOptions } from './order-once.js';
import type { Run } from './run.js';

export interface RedeemOptions extends KeyOptions {
  readonly account?: string;
  readonly card?: string;
  readonly points: number;
  readonly kind?: string;
  readonly reference: string;
}

export interface HoldOptions extends RedeemOptions {
  /** Seconds. */
  readonly lapsesIn?: number;
}

export interface CaptureOptions extends KeyOptions {
  /** Default: all that is still reserved. */
  readonly points?: number;
  readonly keepRest?: boolean;
}

export interface RefundOptions extends KeyOptions {
  readonly reason: string;
}

const redeemed = z.looseObject({
  ...{ redemption: z.string(), account: z.string(), points: z.int(), available: z.int() },
});
const held = z.looseObject({
  ...{ hold: z.string(), account: z.string(), points: z.int(), available: z.int() },
  lapsesAt: z.string(),
});
const captured = redeemed.extend({ released: z.int() });
const refunded = redeemed.extend({ arrearsPaid: z.int() });

/** `tally redeem`: spends points of an account. */
export const redeemPoints = (run: Run, options: RedeemOptions): Promise<ExitCode> =>
  orderOnce(run, options, {
    ...{ path: '/v1/redemptions', body: spending(options), answer: redeemed },
    failure: 'the points are not redeemed',
    told: ({ redemption, account, points, available }) =>
      `redemption ${redemption}: ${whole(points)} points of account ${account}; ${whole(available)} are left`,
  });

/** `tally hold`: reserves points of an account. */
export const holdPoints = (run: Run, options: HoldOptions): Promise<ExitCode> => {
  const lapses = options.lapsesIn === undefined ? {} : { lapsesInSeconds: options.lapsesIn };
  return orderOnce(run, options, {
    ...{ path: '/v1/holds', body: { ...spending(options), ...lapses }, answer: held },
    failure: 'the points are not held',
    told: ({ hold, account, points, available, lapsesAt }) =>
      `hold ${hold}: ${whole(points)} points of account ${account} until ${momentOf(lapsesAt)}; ${whole(available)} are left`,
  });
};

/** `tally capture`: spends what a hold reserves. */
export const captureHold = (run: Run, id: string, options: CaptureOptions): Promise<ExitCode> => {
  const { program, points, keepRest = false } = options;
  return orderOnce(run, options, {
    path: `/v1/holds/${encodeURIComponent(program)}/${encodeURIComponent(id)}/captures`,
    body: { ...(points === undefined ? {} : { points }), last: !keepRest },
    answer: captured,
    failure: 'the hold is not captured',
    told: ({ redemption, account, points: spent, released }) =>
      `redemption ${redemption}: ${whole(spent)} points of account ${account}` +
      (released > 0 ? `; ${whole(released)} went back` : ''),
  });
};

/** `tally refund`: cancels a redemption. */
export const refundRedemption = (
  run: Run,
  id: string,
  options: RefundOptions,
): Promise<ExitCode> => {
  const { program, reason } = options;
  return orderOnce(run, options, {
    path: `/v1/redemptions/${encodeURIComponent(program)}/${encodeURIComponent(id)}/refunds`,
    ...{ body: { reason }, answer: refunded },
    failure: 'the redemption is not refunded',
    told: ({ points, account, arrearsPaid, available }) =>
      `${whole(points)} points are back on account ${account}` +
      (arrearsPaid > 0 ? `, ${whole(arrearsPaid)} of them paid what was owed` : '') +
      `; ${whole(available)} are available`,
  });
};

const spending = ({ program, account, card, points, kind, reference }: RedeemOptions) => {
  if ((account === undefined) === (card === undefined))
    throw new Failure(exitCodes.usage, 'name either --card or --account');
  const which = account === undefined ? { card } : { account };
  return { program, ...which, points, reference, ...(kind === undefined ? {} : { kind }) };
};
