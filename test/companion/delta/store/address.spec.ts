import { below, canonical, isWithin, resolveLogPath } from '../../../../src/companion/delta/store';

describe('canonical', () => {
  it.each([
    ['s3://features/energy/', 's3a://features/energy'],
    ['s3a://features', 's3a://features'],
    ['s3n://features//energy', 's3a://features/energy'],
    ['file:///data/a b', '/data/a b'],
    ['file:/data/x', '/data/x'],
    ['/data/100%/', '/data/100%'],
    ['/', '/']
  ])('writes %s as %s', (text, location) => {
    expect(canonical(text)).toBe(location);
  });

  it.each(['features/energy', 'hdfs://host/x', 'file://host/x', '/data/../etc', 's3a://b/./x', '/a\0b', '', 's3a://'])(
    'refuses %j',
    text => {
      expect(() => canonical(text)).toThrow(/location/);
    }
  );
});

describe('isWithin', () => {
  it('takes whole segments', () => {
    expect(isWithin('s3a://features', 's3a://features/energy')).toBe(true);
    expect(isWithin('s3a://features', 's3a://features-other/energy')).toBe(false);
    expect(isWithin('/data', '/data')).toBe(true);
    expect(isWithin('/', below('/', 'x'))).toBe(true);
  });
});

describe('resolveLogPath', () => {
  it.each([
    ['/t', 'part-0.parquet', '/t/part-0.parquet'],
    ['/t', 'p=a%20b/%2525.parquet', '/t/p=a b/%25.parquet'],
    ['/t', './x', '/t/x'],
    ['/t', 'file:/other/a%20b', '/other/a b'],
    ['s3a://b/t', 's3://c/k%3D1', 's3a://c/k=1'],
    ['s3a://b/t', '/k', 's3a://b/k']
  ])('of table %s finds %s at %s', (table, path, location) => {
    expect(resolveLogPath(table, path)).toBe(location);
  });

  it('takes most paths as they are, and finds for every path what the long way finds', () => {
    const decode = jest.spyOn(globalThis, 'decodeURIComponent');
    expect(resolveLogPath('/t', 'day=2026-01-01/part-0_1.c000.parquet')).toBe(
      '/t/day=2026-01-01/part-0_1.c000.parquet'
    );
    expect(decode).not.toHaveBeenCalled();
    decode.mockRestore();
    const found = (path: string) => {
      try {
        return resolveLogPath('/t', path);
      } catch {
        return null;
      }
    };
    let paths = [''];
    for (let length = 1; length <= 5; length++) {
      paths = paths.flatMap(path => ['a', '.', '/', '%', '41', '\n'].map(next => path + next));
      paths.forEach(path => expect([path, found(path)]).toEqual([path, found(`./${path}`)]));
    }
  });

  it.each(['../x', '%2e%2e/x', 'a/%2e%2e/%2e%2e/x', '/../x', '%zz', 'http://host/x'])('refuses %s', path => {
    expect(() => resolveLogPath('/t', path)).toThrow(expect.objectContaining({ code: 'store_failed' }));
  });
});
