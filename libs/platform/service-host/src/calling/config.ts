import { z } from 'zod';

const httpUrl = z
  .string()
  .refine((text) => URL.canParse(text) && ['http:', 'https:'].includes(new URL(text).protocol));

/** Where other services are, and what this one shows them. Only accrual asks another one, and only where a rulebook asks for birthdays. */
export const callingVariables = {
  TALLYSTICK_ENROLLMENT_URL: httpUrl
    .optional()
    .describe('the http(s) base address of enrollment, or nothing where no rulebook asks it'),
  TALLYSTICK_SERVICE_TOKEN: z
    .string()
    .optional()
    .describe('a bearer token with the role service, instead of the client below'),
  TALLYSTICK_AUTH_TOKEN_URL: httpUrl
    .optional()
    .describe("the http(s) address of the identity provider's token endpoint"),
  TALLYSTICK_AUTH_CLIENT_ID: z.string().optional().describe('the id of this service as a client'),
  TALLYSTICK_AUTH_CLIENT_SECRET: z.string().optional().describe('the secret that goes with it'),
  TALLYSTICK_AUTH_CLIENT_SCOPE: z
    .string()
    .optional()
    .describe('the scope that the token endpoint wants to be asked for, or nothing'),
} as const;

type CallingVariables = z.output<z.ZodObject<typeof callingVariables>>;

/** How this service says who it is: by a token that it was given, or as a client of the identity provider (OAuth 2.0, client credentials). */
export type Credential =
  | { readonly kind: 'token'; readonly token: string }
  | {
      readonly kind: 'client';
      readonly tokenUrl: string;
      readonly id: string;
      readonly secret: string;
      readonly scope: string | undefined;
    };

export interface CallingSettings {
  readonly enrollmentUrl: string;
  readonly credential: Credential;
}

/** Undefined: nobody is to be asked. */
export const callingOf = (read: CallingVariables): CallingSettings | undefined => {
  const { TALLYSTICK_ENROLLMENT_URL: url } = read;
  const credential = credentialOf(read);
  if (url === undefined || credential === undefined) return undefined;
  return { enrollmentUrl: url.replace(/\/+$/, ''), credential };
};

/** What is wrong, though each variable by itself is right; null: nothing. */
export const callingFault = (read: CallingVariables): string | null =>
  read.TALLYSTICK_ENROLLMENT_URL === undefined || credentialOf(read) !== undefined
    ? null
    : 'TALLYSTICK_ENROLLMENT_URL needs TALLYSTICK_SERVICE_TOKEN, or TALLYSTICK_AUTH_TOKEN_URL with TALLYSTICK_AUTH_CLIENT_ID and TALLYSTICK_AUTH_CLIENT_SECRET';

const credentialOf = (read: CallingVariables): Credential | undefined => {
  const {
    TALLYSTICK_SERVICE_TOKEN: token,
    TALLYSTICK_AUTH_TOKEN_URL: tokenUrl,
    TALLYSTICK_AUTH_CLIENT_ID: id,
    TALLYSTICK_AUTH_CLIENT_SECRET: secret,
    TALLYSTICK_AUTH_CLIENT_SCOPE: scope,
  } = read;
  if (token !== undefined) return { kind: 'token', token };
  if (tokenUrl === undefined || id === undefined || secret === undefined) return undefined;
  return { kind: 'client', tokenUrl, id, secret, scope };
};
