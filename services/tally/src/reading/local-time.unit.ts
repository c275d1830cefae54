import { describe, expect, it } from '@jest/globals';
import { localTimeReader, type LocalTimeFormat } from './local-time.js';

const london: LocalTimeFormat = {
  formats: ['yyyy-MM-dd HH:mm:ss'],
  zone: 'Europe/London',
  timeOfDay: '12:00',
  repeated: 'earlier',
  skipped: 'forward',
};
const reader = (changed: Partial<LocalTimeFormat> = {}) =>
  localTimeReader({ ...london, ...changed });

describe('a local time of a file', () => {
  it('gets the offset that its zone had then', () => {
    const read = reader();
    expect(read('2010-12-01 08:26:00')).toEqual({
      ok: true,
      at: '2010-12-01T08:26:00+00:00',
      day: '2010-12-01',
    });
    expect(read('2011-06-30 20:08:00')).toEqual({
      ok: true,
      at: '2011-06-30T20:08:00+01:00',
      day: '2011-06-30',
    });
  });

  it('keeps its day where UTC has another', () => {
    expect(reader({ zone: 'Asia/Tokyo' })('2011-01-01 03:00:00')).toEqual({
      ok: true,
      at: '2011-01-01T03:00:00+09:00',
      day: '2011-01-01',
    });
  });

  it('is not always a time', () => {
    const read = reader();
    for (const text of [
      '',
      '2011-02-29 10:00:00',
      '2011-01-01',
      '01/02/2011',
      '2011-01-01 25:00:00',
      '2011-01-01 10:00:00Z',
    ])
      expect(read(text)).toEqual({ ok: false, why: 'time-unreadable' });
  });

  it('may come in several formats, the first that fits being meant', () => {
    const read = reader({ formats: ['dd/MM/yyyy HH:mm', 'M/d/yyyy h:mm a', 'd MMM yyyy'] });
    expect(read('03/04/2011 10:00')).toMatchObject({ day: '2011-04-03' });
    expect(read('3/4/2011 10:00 PM')).toMatchObject({ at: '2011-03-04T22:00:00+00:00' });
    expect(read('4 Mar 2011')).toMatchObject({ at: '2011-03-04T12:00:00+00:00' });
  });

  it('without a time of day is at the one that the mapping says', () => {
    const read = reader({ formats: ['yyyyMMdd'], timeOfDay: '18:30' });
    expect(read('20110701')).toEqual({
      ok: true,
      at: '2011-07-01T18:30:00+01:00',
      day: '2011-07-01',
    });
  });

  it('that happens twice is the earlier, the later, or rejected', () => {
    const text = '2011-10-30 01:30:00';
    expect(reader()(text)).toMatchObject({ at: '2011-10-30T01:30:00+01:00' });
    expect(reader({ repeated: 'later' })(text)).toMatchObject({ at: '2011-10-30T01:30:00+00:00' });
    expect(reader({ repeated: 'reject' })(text)).toEqual({ ok: false, why: 'time-repeated' });
    expect(reader({ repeated: 'reject' })('2011-10-30 00:59:59')).toMatchObject({ ok: true });
    expect(reader({ repeated: 'reject' })('2011-10-30 02:00:00')).toMatchObject({ ok: true });
  });

  it('that happens twice west of Greenwich too', () => {
    const newYork = { zone: 'America/New_York' };
    const text = '2011-11-06 01:30:00';
    expect(reader(newYork)(text)).toMatchObject({ at: '2011-11-06T01:30:00-04:00' });
    expect(reader({ ...newYork, repeated: 'later' })(text)).toMatchObject({
      at: '2011-11-06T01:30:00-05:00',
    });
  });

  it('that never happens is moved by the change, or rejected', () => {
    for (const [zone, text, at] of [
      ['Europe/London', '2011-03-27 01:30:00', '2011-03-27T02:30:00+01:00'],
      ['America/New_York', '2011-03-13 02:30:00', '2011-03-13T03:30:00-04:00'],
      ['Australia/Lord_Howe', '2011-10-02 02:10:00', '2011-10-02T02:40:00+11:00'],
    ] as const) {
      expect(reader({ zone })(text)).toEqual({ ok: true, at, day: text.slice(0, 10) });
      expect(reader({ zone, skipped: 'reject' })(text)).toEqual({ ok: false, why: 'time-skipped' });
    }
  });

  it('on a day that a zone left out keeps the day that is written', () => {
    expect(reader({ zone: 'Pacific/Apia', formats: ['yyyy-MM-dd'] })('2011-12-30')).toMatchObject({
      ok: true,
      day: '2011-12-30',
    });
    expect(
      reader({ zone: 'Pacific/Apia', formats: ['yyyy-MM-dd'], skipped: 'reject' })('2011-12-30'),
    ).toEqual({ ok: false, why: 'time-skipped' });
  });
});
