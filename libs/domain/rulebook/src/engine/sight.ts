import type { Condition, Reader, Seen } from '@tallystick/conditions';
import type { ReceiptLine } from '../facts.js';
import { lineValue, receiptValue, type ReceiptView } from './environment.js';

/** What conditions look at: what is asked of a receipt, each name at its place, and the line that is looked at just now. */
export interface Sight {
  readonly values: readonly Seen[];
  line: ReceiptLine | null;
}

/** Where what is asked of a receipt stands, and how conditions read it. */
export interface Sights {
  /** -1: nobody asks it. */
  readonly placeOf: (name: string) => number;
  readonly see: (receipt: ReceiptView) => Sight;
  readonly test: (condition: Condition) => (sight: Sight) => boolean;
}

/** `names`: what conditions ask of a receipt and its member. */
export const sightsOf = (names: readonly string[]): Sights => {
  const places = new Map(names.map((name, place) => [name, place]));
  const placeOf = (name: string): number => places.get(name) ?? -1;
  const makers = names.map(receiptValue);
  const reader = (name: string): Reader<Sight> => {
    const ofLine = lineValue(name);
    if (ofLine !== null) return ({ line }) => (line === null ? undefined : ofLine(line));
    const place = placeOf(name);
    return ({ values }) => values[place];
  };
  return {
    placeOf,
    see: (receipt) => ({ values: makers.map((make) => make(receipt)), line: null }),
    test: (condition) => condition.about(reader),
  };
};
