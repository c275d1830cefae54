import { invariant } from '@tallystick/kernel';
import { DateTime } from 'luxon';

export interface LocalTimeFormat {
  /** Luxon's format tokens; the first that fits is taken. */
  readonly formats: readonly string[];
  /** IANA name. */
  readonly zone: string;
  /** `HH:mm`, for a file that has only days. */
  readonly timeOfDay: string;
  readonly repeated: 'earlier' | 'later' | 'reject';
  readonly skipped: 'forward' | 'reject';
}

export type LocalTime =
  | {
      readonly ok: true;
      /** RFC 3339 with the zone's offset at that moment. */
      readonly at: string;
      /** The day in the zone, as the file writes it. */
      readonly day: string;
    }
  | { readonly ok: false; readonly why: 'time-unreadable' | 'time-repeated' | 'time-skipped' };

const hasTime = (format: string): boolean => /[HhTtSX]/.test(format.replace(/'[^']*'/g, ''));

/**
 * A reader of the local times of one file. A wall-clock time may happen twice (the clocks go back) or never (they go
 * forward): the mapping says which is meant, or that such a row is rejected. The day is always the one written.
 */
export const localTimeReader = (format: LocalTimeFormat): ((text: string) => LocalTime) => {
  const options = { zone: 'utc', locale: 'en-US', numberingSystem: 'latn' } as const;
  const parsers = format.formats.map((text) => ({
    parser: DateTime.buildFormatParser(text, options),
    hasTime: hasTime(text),
  }));
  const [hour = 0, minute = 0] = format.timeOfDay.split(':').map(Number);

  const read = (text: string): LocalTime => {
    const written = writtenTime(text);
    if (written === null) return { ok: false, why: 'time-unreadable' };
    const zoned = written.setZone(format.zone, { keepLocalTime: true });
    const day = written.toISODate();
    // In the hour that the clocks leave out, keeping the local time is impossible: Luxon moves it by the change.
    if (
      zoned.hour !== written.hour ||
      zoned.minute !== written.minute ||
      zoned.day !== written.day
    ) {
      if (format.skipped === 'reject') return { ok: false, why: 'time-skipped' };
      return { ok: true, at: rfc3339(zoned), day };
    }
    const possible = zoned.getPossibleOffsets();
    if (possible.length > 1 && format.repeated === 'reject')
      return { ok: false, why: 'time-repeated' };
    const chosen = possible.reduce((a, b) => (a < b === (format.repeated === 'earlier') ? a : b));
    return { ok: true, at: rfc3339(chosen), day };
  };

  /** What is written, as if it were UTC: no local time is special there. */
  const writtenTime = (text: string): DateTime<true> | null => {
    for (const { parser, hasTime: timed } of parsers) {
      const parsed = DateTime.fromFormatParser(text, parser, options);
      if (parsed.isValid) return timed ? parsed : parsed.set({ hour, minute });
    }
    return null;
  };

  // The rows of one receipt mostly have one time between them.
  let lastText: string | undefined;
  let last: LocalTime = { ok: false, why: 'time-unreadable' };
  return (text) => {
    if (text !== lastText) {
      last = read(text);
      lastText = text;
    }
    return last;
  };
};

const rfc3339 = (at: DateTime): string => {
  const text = at.toISO({ suppressMilliseconds: true });
  invariant(text !== null, 'a time that was read can be written');
  return text;
};
