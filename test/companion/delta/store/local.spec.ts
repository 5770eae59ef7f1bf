import { execFileSync } from 'node:child_process';
import { mkdirSync, renameSync, symlinkSync, writeFileSync } from 'node:fs';
import promises from 'node:fs/promises';
import { join } from 'node:path';

import { LocalStore, readWhole, RoutedStore } from '../../../../src/companion/delta/store';
import { ALIVE } from '../../support/engine';
import { removeTemporaryFolders, temporaryFolder } from '../../support/temporary_folder';

const root = temporaryFolder();
const outside = temporaryFolder();
const store = new LocalStore([root]);

beforeAll(() => {
  mkdirSync(join(root, 'folder'));
  for (const name of ['b', 'a', 'Z', 'é']) {
    writeFileSync(join(root, name), name.repeat(10));
  }
  writeFileSync(join(outside, 'secret'), 'canary');
  symlinkSync(outside, join(root, 'link'));
  symlinkSync('/nowhere', join(root, 'dangling'));
  execFileSync('mkfifo', [join(root, 'pipe')]);
});
afterAll(removeTemporaryFolders);

describe('LocalStore', () => {
  it('lists one level in byte order, from after a name on', async () => {
    const all = await store.list(root, { signal: ALIVE });
    expect(all.files.map(({ name }) => name)).toEqual(['Z', 'a', 'b', 'pipe', 'é']);
    expect(all.folders).toEqual(['folder', 'link']);
    const rest = await store.list(root, { after: 'a', signal: ALIVE });
    expect(rest.files.map(({ name }) => name)).toEqual(['b', 'pipe', 'é']);
  });

  it('finds nothing in a folder that is not there, but says so of a root', async () => {
    expect(await store.list(join(root, 'none'), { signal: ALIVE })).toEqual({ files: [], folders: [] });
    await expect(new LocalStore(['/no/root']).list('/no/root', { signal: ALIVE })).rejects.toMatchObject({
      code: 'not_found'
    });
  });

  it('reads a range', async () => {
    const bytes = await store.read(join(root, 'a'), { range: { start: 2, end: 5 }, limit: 10, signal: ALIVE });
    expect(Buffer.from(bytes).toString()).toBe('aaa');
  });

  it.each([
    ['a file that is shorter than the log says', 'a', 11, /has 10 bytes where 11 were expected/],
    ['a named pipe', 'pipe', 5, /is not a file/],
    ['a folder', 'folder', 5, /is not a file/],
    ['a missing file', 'none', 5, /does not exist/],
    ['what a link leads out to', 'link/secret', 5, /leads out of the configured roots/]
  ])('refuses %s', async (_, name, size, message) => {
    await expect(readWhole(store, join(root, name), size, ALIVE)).rejects.toThrow(message);
  });

  it('refuses to take more than its limit', async () => {
    await expect(store.read(join(root, 'a'), { limit: 3, signal: ALIVE })).rejects.toThrow(/more than the 3 bytes/);
  });

  it('stops when it is aborted, with the reason', async () => {
    const reason = new Error('enough');
    await expect(store.list(root, { signal: AbortSignal.abort(reason) })).rejects.toBe(reason);
    await expect(store.read(join(root, 'a'), { limit: 9, signal: AbortSignal.abort(reason) })).rejects.toBe(reason);
  });

  it('opens a file once for all who read it at one time, and anew after them', async () => {
    const opening = jest.spyOn(promises, 'open');
    const path = join(root, 'changing');
    writeFileSync(path, 'before');
    const read = async (start: number, end: number) =>
      Buffer.from(await store.read(path, { range: { start, end }, limit: 10, signal: ALIVE })).toString();
    const parts = await Promise.allSettled([read(0, 2), read(2, 99), read(4, 6)]);
    expect(parts.map(part => (part.status === 'fulfilled' ? part.value : part.status))).toEqual([
      'be',
      'rejected',
      're'
    ]);
    expect(opening).toHaveBeenCalledTimes(1);
    renameSync(join(root, 'b'), path);
    expect(await read(0, 6)).toBe('bbbbbb');
    const missing = await Promise.allSettled(
      [1, 2].map(() => store.read(join(root, 'none'), { limit: 1, signal: ALIVE }))
    );
    expect(missing.map(({ status }) => status)).toEqual(['rejected', 'rejected']);
    opening.mockRestore();
  });

  it('reads a large file in parts', async () => {
    const large = Buffer.alloc(20 * 1024 * 1024, 'twinstore');
    writeFileSync(join(root, 'folder', 'large'), large);
    const bytes = await readWhole(store, join(root, 'folder', 'large'), large.length, ALIVE);
    expect(large.equals(bytes)).toBe(true);
  });
});

describe('RoutedStore', () => {
  it('refuses every place outside the roots', async () => {
    const routed = new RoutedStore([root, 's3a://features'], store, store);
    for (const place of [outside, `${root}x`, 's3a://other/x', '/etc/passwd']) {
      await expect(routed.read(place, { limit: 1, signal: ALIVE })).rejects.toMatchObject({ code: 'forbidden' });
      await expect(routed.list(place, { signal: ALIVE })).rejects.toMatchObject({ code: 'forbidden' });
    }
  });
});
