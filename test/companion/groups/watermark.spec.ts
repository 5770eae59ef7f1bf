import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';

import type { Gap, Receipt } from '../../../src/contract';
import { setVersion, watermark } from '../../../src/companion/groups/watermark';

function casesOf<T>(name: string): (T & { title: string })[] {
  const path = resolve(__dirname, '..', '..', 'vectors', name);
  return (JSON.parse(readFileSync(path, 'utf8')) as { cases: (T & { title: string })[] }).cases;
}

describe('watermark', () => {
  it.each(casesOf<{ gaps: Gap[]; watermark: number }>('watermark.json'))(
    '$title → $watermark',
    ({ gaps, watermark: expected }) => {
      expect(watermark(gaps)).toBe(expected);
    }
  );
});

interface ISetVersionCase {
  receipts: Pick<Receipt, 'operation' | 'version' | 'gap' | 'at_us'>[];
  proved_us: number | null;
  set_version: number | null;
}

describe('setVersion', () => {
  it.each(casesOf<ISetVersionCase>('set_version.json'))('$title → $set_version', each => {
    expect(setVersion(each.receipts, each.proved_us)).toBe(each.set_version);
    expect(setVersion([...each.receipts].reverse(), each.proved_us)).toBe(each.set_version);
  });
});
