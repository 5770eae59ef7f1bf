import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';

import { groupState, STATE_GLYPH } from '../../src/contract';
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
