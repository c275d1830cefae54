import type { CardToken, ProgramId } from '@tallystick/kernel';

/** What a service may inject from its host, each by `@Inject(TOKEN)`. */

/** `EventStore`: the port; which adapter stands behind it is configuration. */
export const EVENT_STORE = Symbol('EventStore');
/** `MessageBus`: the port; which adapter stands behind it is configuration. */
export const MESSAGE_BUS = Symbol('MessageBus');
/** `pg.Pool` under the service's own role, its `search_path` the service's own schema. */
export const DATABASE = Symbol('Database');
/** `Clock`. */
export const CLOCK = Symbol('Clock');
/** `HostConfig`, with what the service's own `config` schema made of the environment besides. */
export const CONFIG = Symbol('Config');
/** `PositionWait`: waits until this service has heard everything up to a position of the store. */
export const POSITIONS = Symbol('Positions');
/** `PositionsOf`: waits for another service. */
export const POSITIONS_OF = Symbol('PositionsOf');
/** `Telemetry` of `@tallystick/telemetry`, or null where it is off. */
export const TELEMETRY = Symbol('Telemetry');
/** `CardTokens`; in the services that see card numbers (all but reporting). */
export const CARD_TOKENS = Symbol('CardTokens');
/** `MasterKeys` of `@tallystick/sealing`: wrap the keys of personal data and partner secrets; in enrollment and partners. */
export const MASTER_KEYS = Symbol('MasterKeys');
/** `OtherServices`: asks another service over HTTP; one that nobody said the address of is away. */
export const OTHER_SERVICES = Symbol('OtherServices');
/** `Log`: the service's pino logger; lines written inside a request carry its correlation and trace ids. */
export const LOG = Symbol('Log');

/** Makes the token that stands for a card number outside enrollment. */
export interface CardTokens {
  /** HMAC-SHA256 of program and number (trimmed) under the deployment's key: the first 32 hex digits. */
  tokenOf(program: ProgramId, cardNumber: string): CardToken;
}
