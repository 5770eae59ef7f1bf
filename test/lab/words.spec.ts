import { nullTranslator } from '@jupyterlab/translation';
import { shares } from '../../src/lab/parity/state_bar';
import {
  absolute,
  ago,
  eventTime,
  freshness,
  receiptSentence,
  rounded,
  verdictSentence,
  versions
} from '../../src/lab/words';
import { aReceipt, aReport, NOW_US, states } from './samples';

const trans = nullTranslator.load('jupyterlab_twinstore');
const spaced = (text: string): string => text.replaceAll('\u00a0', ' ');

describe('figures', () => {
  it.each([
    [2.25, '2.25'],
    [1 / 3, '0.333333'],
    [1_234_567.8, '1,234,568'],
    [4.115226300411523e36, '4.11523e36'],
    [-2e15, '-2e15'],
    [999_999_999_999_999, '999,999,999,999,999']
  ])('are written as exactly as they are known: %s as %s', (figure, words) => {
    expect(rounded(figure)).toBe(words);
  });
});

describe('times', () => {
  it.each([
    [3, 'just now'],
    [-60, 'just now'],
    [12, '12 s ago'],
    [125, '2 m ago'],
    [7200, '2 h ago'],
    [86400 * 3, '3 d ago'],
    [86400 * 365 * 12, '12 y ago']
  ])('says %s seconds as %s', (seconds, words) => {
    expect(spaced(ago(NOW_US - seconds * 1e6, NOW_US, trans))).toBe(words);
  });

  it('calls events of the last minute, and of the future, live', () => {
    expect(freshness(NOW_US - 30e6, NOW_US, trans)).toBe('live');
    expect(freshness(NOW_US + 30e6, NOW_US, trans)).toBe('live');
    expect(spaced(freshness(NOW_US - 180e6, NOW_US, trans))).toBe('3 m behind now');
  });

  it.each([
    [9223372036854775807, '+294247-01-10 04:00:54 UTC'],
    [Date.UTC(10000, 0) * 1000, '+10000-01-01 00:00:00 UTC'],
    [-62_167_219_200_000_008, '-0001-12-31 23:59:59 UTC'],
    [NOW_US + 999_999.5, '2026-03-01 12:00:00 UTC']
  ])('tells %s µs as %s', (us, words) => {
    expect(absolute(us)).toBe(words);
  });

  it('shows a date as a date', () => {
    expect(eventTime(Date.UTC(10000, 0) * 1000)).toBe('+10000-01-01');
    expect(eventTime(Date.UTC(2014, 1, 28) * 1000)).toBe('2014-02-28');
    expect(eventTime(NOW_US)).toBe('2026-03-01 12:00:00 UTC');
  });
});

describe('versions', () => {
  it.each([
    [20, 20, 'v20'],
    [20, 17, 'v17→v20'],
    [3, -1, '–→v3'],
    [3, null, 'v3'],
    [null, null, '']
  ])('shows head %s and watermark %s as %j', (head, watermark, words) => {
    expect(versions(head, watermark)).toBe(words);
  });
});

describe('receiptSentence', () => {
  it('says what landed where', () => {
    const receipt = aReceipt({ late: 12, deleted: 1 });
    expect(receiptSentence(receipt, trans)).toBe(
      '126,000 rows added to history, 200 rows written online, 1 row deleted online, 12 late rows kept in history only.'
    );
  });

  it('says when there was nothing to do', () => {
    const receipt = aReceipt({ appended: 0, written: 0, unchanged: 126000 });
    expect(receiptSentence(receipt, trans)).toBe('Nothing new: history already holds all 126,000 rows.');
    const again = aReceipt({ appended: 0, written: 0, unchanged: 0 });
    expect(receiptSentence(again, trans)).toBe('Nothing new to bring online.');
  });

  it('does not call written what was not confirmed', () => {
    expect(receiptSentence(aReceipt({ unconfirmed: 31 }), trans)).toBe(
      'Up to 31 rows were not confirmed online; retry finishes them.'
    );
  });
});

describe('verdictSentence', () => {
  it('counts the rows that differ, of every kind', () => {
    const report = aReport({
      verdict: 'out_of_parity',
      states: states({ match: 5548, stale_online: 7, missing_online: 3, mismatch: 2, in_flight: 4, expired: 5 })
    });
    expect(spaced(verdictSentence(report, trans))).toBe('12 of 5,560 rows differ; compared in 0.9 s.');
  });

  it('never calls parity what compared nothing', () => {
    const report = aReport({ verdict: 'unknown', states: states(), notes: ['Nothing is online yet.'] });
    expect(verdictSentence(report, trans)).toBe('Unknown: Nothing is online yet.');
  });
});

describe('shares of the state bar', () => {
  it('shows one bad row in a million', () => {
    const [match, mismatch] = shares(states({ match: 999_999, mismatch: 1 }));
    expect(mismatch?.share).toBeGreaterThan(0.009);
    expect((match?.share ?? 0) + (mismatch?.share ?? 0)).toBeCloseTo(1);
  });

  it('has no place for states without rows', () => {
    expect(shares(states())).toEqual([]);
    expect(shares(states({ match: 5 }))).toEqual([{ state: 'match', share: 1 }]);
  });
});
