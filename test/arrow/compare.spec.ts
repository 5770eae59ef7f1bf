import { compareValues, DecimalValue } from '../../src/arrow';
import type { Value } from '../../src/arrow';

describe('the order of values', () => {
  it.each<[string, NonNullable<Value>[]]>([
    ['numbers, NaN last', [-Infinity, -1, 0, 0.5, Infinity, NaN]],
    ['text by its UTF-8 bytes', ['', 'B', 'a', 'aa', 'é', '\uffff', '😀', '😁']],
    ['bytes', [new Uint8Array(), Uint8Array.of(1), Uint8Array.of(1, 0), Uint8Array.of(255)]],
    ['64-bit integers', [-(2n ** 63n), 9007199254740992n, 9007199254740993n]],
    ['decimals', [new DecimalValue(-5n, 2), new DecimalValue(10n, 2)]],
    ['booleans', [false, true]]
  ])('is that of Spark: %s', (_, ascending) => {
    ascending.forEach((a, i) => ascending.forEach((b, j) => expect(compareValues(a, b)).toBe(Math.sign(i - j))));
  });

  it('takes minus zero for zero', () => {
    expect(Math.abs(compareValues(-0, 0))).toBe(0);
  });

  it('is none for nested values', () => {
    expect(compareValues([1], [2])).toBeNaN();
  });
});
