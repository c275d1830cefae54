import { z } from 'zod';
import { programId } from '@tallystick/kernel';
import type { KeptAs, Message } from '@tallystick/message-bus';
import type { CardTokens } from '@tallystick/service-host';

const carded = z.looseObject({ program: z.string(), card: z.string().trim().min(1) });
/** A run of digits that could be a card number, in a text of which nothing else is known. */
const longNumber = /\d{6,}/g;
/** A number of fewer characters may stand in any other field by chance: then only a whole text counts as it. */
const longMin = 6;

/**
 * A message as the dead letters may keep it: the card's token beside the receipt, `#` wherever the number itself stood, all else as the
 * till wrote it. In a text that is no receipt every long number is made unreadable.
 */
export const withoutCard = (
  message: Pick<Message, 'key' | 'value' | 'bytes'>,
  receipt: unknown,
  tokens: CardTokens,
): KeptAs => {
  const checked = carded.safeParse(receipt);
  if (!checked.success) return { key: masked(message.key), value: masked(message.value) };
  const { program, card } = checked.data;
  const cardToken = tokens.tokenOf(programId(program), card);
  const json = message.bytes === undefined ? message.value : JSON.stringify(receipt);
  return {
    key: hideWord(message.key, card) === message.key ? message.key : cardToken,
    value: hideIn(json, card).replace('{', `{"cardToken":${JSON.stringify(cardToken)},`),
  };
};

const masked = (text: string): string =>
  text.replace(longNumber, (digits) => '#'.repeat(digits.length));

/** A text or a number of a JSON document. */
const scalar = /"[^"\\]*(?:\\.[^"\\]*)*"|-?\d[\d.eE+-]*/gs;
const colon = /\s*:\s*/y;
/** What a receipt is told by and rated by: longer than the card's number, they are other numbers. */
const codes: ReadonlySet<string> = new Set([
  ...['program', 'chain', 'store', 'till', 'number', 'businessDate', 'occurredAt', 'currency'],
  ...[
    'channel',
    'product',
    'category',
    'brand',
    'quantity',
    'unitPrice',
    'amount',
    'vatRate',
    'kind',
  ],
]);

/**
 * Hides a card's number in JSON: as a whole text or number anywhere, as a word in names and in what is no code. It goes through the text
 * and not through what that was read as: of a field that stands twice one was not read, and no depth is too deep.
 */
const hideIn = (json: string, card: string): string => {
  let field: { readonly name: string; readonly valueAt: number } | null = null;
  return json.replace(scalar, (written: string, at: number) => {
    const text = written.startsWith('"') ? String(JSON.parse(written)) : written;
    colon.lastIndex = at + written.length;
    const isName = text !== written && colon.test(json);
    const of = field?.valueAt === at ? field.name : null;
    if (isName) field = { name: text, valueAt: colon.lastIndex };
    const isWhole = text.trim() === card && (text !== written || card.length >= longMin);
    if (isWhole || (of === 'card' && !isName)) return '"#"';
    if (text === written || card.length < longMin || (of !== null && codes.has(of))) return written;
    const shown = hideWord(text, card);
    return shown === text ? written : JSON.stringify(shown);
  });
};

/** A number within a longer one is none. */
const hideWord = (text: string, card: string): string =>
  text
    .split(card)
    .reduce((shown, next) =>
      /\d$/.test(shown) || /^\d/.test(next) ? `${shown}${card}${next}` : `${shown}#${next}`,
    );
