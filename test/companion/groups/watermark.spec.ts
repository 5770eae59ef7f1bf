import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';

import type { Gap } from '../../../src/contract';
import { watermark } from '../../../src/companion/groups/watermark';

const VECTORS = resolve(__dirname, '..', '..', 'vectors', 'watermark.json');
const { cases } = JSON.parse(readFileSync(VECTORS, 'utf8')) as {
  cases: { title: string; gaps: Gap[]; watermark: number }[];
};

describe('watermark', () => {
  it.each(cases)('$title → $watermark', ({ gaps, watermark: expected }) => {
    expect(watermark(gaps)).toBe(expected);
  });
});
