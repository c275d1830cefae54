/** The five services, and which paths each answers: one host may route by this table. */
export const serviceNames = [
  'enrollment',
  'accrual',
  'redemption',
  'partners',
  'reporting',
] as const;
export type ServiceName = (typeof serviceNames)[number];

/** First path segments after the host; each belongs to exactly one service. `/docs/<service>`, `/openapi/<service>.json` and `/health/<service>/…` besides. */
export const servicePaths: { readonly [S in ServiceName]: readonly string[] } = {
  enrollment: ['/v1/members', '/v1/cards'],
  accrual: [
    '/v1/receipts',
    '/v1/programs',
    '/v1/adjustments',
    '/v1/merges',
    '/v1/opening-balances',
    '/v1/closings',
    '/v1/reratings',
    '/v1/partner-awards',
    '/v1/certificates',
  ],
  redemption: [
    '/v1/redemptions',
    '/v1/holds',
    '/v1/transfers',
    '/v1/transfer-requests',
    '/v1/certificate-uses',
  ],
  partners: ['/v1/partners', '/v1/partner-events'],
  reporting: ['/v1/accounts', '/v1/reports', '/v1/replays'],
};

/** Besides, each service answers here for the messages that it could not take. */
export const deadLettersPath = (service: ServiceName): string => `/dead-letters/${service}`;

export const defaultPorts: { readonly [S in ServiceName]: number } = {
  enrollment: 7401,
  accrual: 7402,
  redemption: 7403,
  partners: 7404,
  reporting: 7405,
};
/** The single address of all five in one process. */
export const localPort = 7400;
