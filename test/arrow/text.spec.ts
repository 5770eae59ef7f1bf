import {
  Binary,
  Bool,
  DateDay,
  Decimal,
  Field,
  Float32,
  Float64,
  Int64,
  List,
  makeData,
  Struct,
  TimestampMicrosecond,
  Utf8
} from 'apache-arrow';
import type { DataType } from 'apache-arrow';
import { jsonReader, readerOf, startReader, textReader } from '../../src/arrow';
import { column, words } from './samples';

function texts(type: DataType, values: readonly unknown[]): string[] {
  const read = textReader(column(type, values));
  return values.map((_, i) => read(i));
}

describe('the text of an Arrow value', () => {
  it.each<[string, DataType, unknown[], string[]]>([
    ['a 64-bit integer keeps every digit', new Int64(), [9007199254740993n, null], ['9007199254740993', 'null']],
    ['a decimal keeps its scale', new Decimal(2, 38, 128), [words(110n), words(-5n)], ['1.10', '-0.05']],
    ['bytes are hexadecimal', new Binary(), [Uint8Array.of(0, 255), new Uint8Array()], ['00ff', '']],
    ['a byte order mark and what is no ASCII stay', new Utf8(), ['\ufeffé', '\n'], ['\ufeffé', '\\n']],
    ['a backslash stays', new Utf8(), ['C:\\data', '\\d+', '"\\""'], ['C:\\data', '\\d+', '"\\""']],
    ['but where others are escaped', new Utf8(), ['\\\n', '\\n', '\\\\'], ['\\\\\\n', '\\\\n', '\\\\\\\\']],
    ['not a number is no null', new Float64(), [NaN, -0, 0.1], ['NaN', '-0.0', '0.1']],
    ['a float is no longer than it must be', new Float32(), [Math.fround(0.1)], ['0.1']],
    ['true is not 1', new Bool(), [true, false, null], ['true', 'false', 'null']],
    ['a list is JSON', new List(new Field('element', new Utf8(), true)), [['a', null]], ['["a",null]']]
  ])('%s', (_, type, values, expected) => {
    expect(texts(type, values)).toEqual(expected);
  });

  it.each<[string, DataType, unknown]>([
    ['a text', new Utf8(), 'x'.repeat(99)],
    ['a text of wide characters', new Utf8(), '\u20ac'.repeat(99)],
    ['a text of wider characters', new Utf8(), '\u{1f600}'.repeat(99)],
    ['a text that is escaped', new Utf8(), '\n'.repeat(99)],
    ['bytes', new Binary(), new Uint8Array(99)],
    ['a list', new List(new Field('element', new Utf8(), true)), Array.from({ length: 99 }, () => 'y'.repeat(99))],
    ['a short text', new Utf8(), 'abc']
  ])('can be cut, %s', (_, type, value) => {
    const decode = jest.spyOn(TextDecoder.prototype, 'decode');
    const data = column(type, [value]);
    const cut = startReader(data, 10)(0);
    decode.mock.calls.forEach(([bytes]) => expect(bytes?.byteLength).toBeLessThanOrEqual(40));
    decode.mockRestore();
    const whole = textReader(data)(0);
    expect(cut).toBe(whole.length > 10 ? `${whole.slice(0, 10)}…` : whole);
    expect(startReader(data, whole.length)(0)).toBe(whole);
  });

  it('is not cut within a character', () => {
    expect(startReader(column(new Utf8(), ['\u{1f600}'.repeat(9)]), 3)(0)).toBe('\u{1f600}…');
  });

  it('is never that of another text', () => {
    const parts = ['\n', '\u0001', '\u2028', '\\', 'n', 'u0001', 'u2028', 'd', ''];
    const values = parts.flatMap(a => parts.flatMap(b => parts.map(c => a + b + c)));
    expect(new Set(texts(new Utf8(), values)).size).toBe(new Set(values).size);
  });

  it.each([
    ['UTC', '1969-12-31T23:59:59.999999Z'],
    [null, '1969-12-31T23:59:59.999999']
  ])('of a timestamp keeps its µs, and has the zone %s', (timezone, expected) => {
    const data = makeData({ type: new TimestampMicrosecond(timezone), data: BigInt64Array.of(-1n) });
    expect(textReader(data)(0)).toBe(expected);
  });

  it('of a date has no time zone', () => {
    const data = column(new DateDay(), [new Date(Date.UTC(2014, 1, 27))]);
    expect(textReader(data)(0)).toBe('2014-02-27');
  });

  it('of a struct is JSON, numbers that JSON would round being text', () => {
    const type = new Struct([new Field('a', new Int64(), true)]);
    expect(jsonReader(column(type, [{ a: 9007199254740993n }]))(0)).toBe('{"a":"9007199254740993"}');
  });
});

describe('the reader of an Arrow array', () => {
  it('tells null from empty text', () => {
    const read = readerOf(column(new Utf8(), ['', null]));
    expect([read(0), read(1)]).toEqual(['', null]);
  });
});
