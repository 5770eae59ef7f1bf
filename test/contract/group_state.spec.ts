import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';

import { differing, groupState, STATE_GLYPH } from '../../src/contract';
import type { IGroupFacts, IShownState } from '../../src/contract';

interface ICase {
  title: string;
  facts: IGroupFacts;
  shown: IShownState;
}

const VECTORS = resolve(__dirname, '..', 'vectors', 'group_state.json');
const { cases } = JSON.parse(readFileSync(VECTORS, 'utf8')) as { cases: ICase[] };

describe('groupState', () => {
  it.each(cases)('$title → $shown.words', ({ facts, shown }) => {
    expect(groupState(facts)).toEqual(shown);
  });

  it('has a vector for every state', () => {
    const states = new Set(cases.map(({ shown }) => shown.state));
    expect([...states].sort()).toEqual(Object.keys(STATE_GLYPH).sort());
  });
});

describe('differing', () => {
  it('counts the keys of each state that is an offence, and no others', () => {
    const offences = { missing_online: 1, extra_online: 2, stale_online: 4, ahead_online: 8, mismatch: 16 };
    expect(differing({ ...offences, match: 32, expired: 64, in_flight: 128 })).toBe(31);
  });
});
