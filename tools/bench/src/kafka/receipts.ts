import type { Message } from 'kafkajs';
import { cardOf, receiptBody } from '../http/requests.js';

/** What is laid out on a topic: receipts as tills write them, and now and then one that no service can ever take. */
export interface Layout {
  readonly program: string;
  readonly cards: number;
  readonly first: number;
  readonly count: number;
  /** How many of a hundred are poison. */
  readonly poisonPercent: number;
}

/** A receipt without a date: it can be read, and can never be taken. */
const spoiled = (receipt: object): object => ({ ...receipt, businessDate: 'yesterday' });

export const isPoison = (number: number, percent: number): boolean =>
  percent > 0 && number % Math.round(100 / percent) === 0;

export const receiptMessages = (layout: Layout): readonly Message[] =>
  Array.from({ length: layout.count }, (_, index) => {
    const number = layout.first + index;
    const card = cardOf(number % layout.cards);
    const receipt = receiptBody(layout.program, card, number);
    const value = isPoison(number, layout.poisonPercent) ? spoiled(receipt) : receipt;
    return { key: card, value: JSON.stringify(value) };
  });
