import type { ServiceName } from '@tallystick/contracts';
import type { StockOptions } from '../kafka/stock-transport.js';

/** What is told to the process of the services, and what it tells. */
export type ToServices =
  | {
      readonly kind: 'start';
      readonly services: readonly ServiceName[];
      readonly env: Readonly<Partial<Record<ServiceName, Readonly<Record<string, string>>>>>;
      /** Accrual without its relay, or without it and with Nest's own Kafka transport beside its bus. */
      readonly accrual?: 'without-relay' | { readonly stock: StockOptions };
    }
  | { readonly kind: 'stop'; readonly service: ServiceName };
export type FromServices =
  | { readonly kind: 'started'; readonly urls: Readonly<Record<string, string>> }
  | { readonly kind: 'stopped' };

/** One run of requests: `count` of them, numbered from `first`, by callers that each wait for an answer before the next. */
export interface Load {
  readonly url: string;
  readonly path: string;
  readonly token: string;
  readonly body: 'receipt' | 'redemption';
  readonly program: string;
  readonly cards: number;
  readonly first: number;
  readonly count: number;
  readonly callers: number;
  /** What every answer must have. */
  readonly status: number;
}
export interface Loaded {
  readonly seconds: number;
  /** The sum of what the answers say was earned or redeemed. */
  readonly points: number;
  readonly latencyMs: { readonly p50: number; readonly p99: number };
}
