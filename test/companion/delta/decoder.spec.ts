import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

import { TwinstoreError } from '../../../src/contract';
import { WorkerDecoder } from '../../../src/companion/delta';
import { bundle } from '../support/bundles';
import { toParquet, write } from '../support/delta_files';
import { ALIVE } from '../support/engine';
import { parquetRows } from '../support/parquet_rows';
import { removeTemporaryFolders, temporaryFolder } from '../support/temporary_folder';

const ROWS = Array.from({ length: 50 }, (_, i) => ({
  id: BigInt(i),
  name: `household ${i}`,
  notes: i % 3 === 0 ? [] : ['a', `${i}`],
  gap: { from: BigInt(i - 1), to: BigInt(i) }
}));
const FILE = toParquet(ROWS);
const MIB = 1024 * 1024;

let decoder: WorkerDecoder;
const make = (options: { deadlineMs?: number; maxMemory?: number } = {}) =>
  (decoder = new WorkerDecoder({ script: bundle('worker'), deadlineMs: 10_000, maxMemory: 512 * MIB, ...options }));
const folder = temporaryFolder();
let files = 0;
const decode = (file: Uint8Array, signal = ALIVE) => {
  const path = join(folder, `${files++}`, 'x.parquet');
  write(path, file);
  return parquetRows(path, decoder, signal);
};
afterEach(() => decoder.dispose());
afterAll(removeTemporaryFolders);

describe('WorkerDecoder', () => {
  it('decodes several files that are asked for at once', async () => {
    make();
    const results = await Promise.all(Array.from({ length: 8 }, () => decode(FILE)));
    results.forEach(rows => expect(rows).toEqual(ROWS));
  });

  it('answers every damaged file with rows or with one error within its deadline, and goes on', async () => {
    make({ deadlineMs: 1_500 });
    // Every 23rd byte of the file, one at a time: pages, footer, lengths.
    for (let i = 4; i < FILE.length; i += 23) {
      const damaged = FILE.slice();
      damaged[i] = (damaged[i] ?? 0) ^ (1 << (i % 8));
      const outcome = await decode(damaged).catch((error: unknown) => error);
      if (!Array.isArray(outcome)) {
        expect(outcome).toBeInstanceOf(TwinstoreError);
        expect(['store_failed', 'unsupported', 'deadline']).toContain((outcome as TwinstoreError).code);
        expect(String(outcome)).toContain('x.parquet');
      }
    }
    expect(await decode(FILE)).toEqual(ROWS);
  }, 60_000);

  it.each([
    ['an empty file', new Uint8Array(0), /not a sound Parquet file/],
    ['a file that was cut off', FILE.slice(0, -20), /not a sound Parquet file/],
    ['a footer of an absurd length', withFooterLength(0x7fffffff), /not a sound Parquet file/],
    ['a footer that is longer than the file', withFooterLength(FILE.length), /not a sound Parquet file/],
    ['an encrypted file', Uint8Array.from([...FILE.slice(0, -4), ...Buffer.from('PARE')]), /encrypted/],
    [
      'zeros between the marks',
      Buffer.concat([Buffer.from('PAR1'), Buffer.alloc(100), Buffer.from('PAR1')]),
      /not a sound/
    ]
  ])('refuses %s', async (_, file, message) => {
    make();
    await expect(decode(file)).rejects.toThrow(message);
  });

  it('refuses a footer and a page index of a few bytes that claim two billion structs, at once', async () => {
    make();
    const claim = [0x29, 0xfc, 0xff, 0xff, 0xff, 0xff, 0x07];
    const ending = [...Buffer.alloc(9), 0x10, 0, 0, 0, ...Buffer.from('PAR1')];
    await expect(decode(Uint8Array.from([...claim, ...ending]))).rejects.toMatchObject({ code: 'store_failed' });
    const indexes = [Uint8Array.of(0x19, ...claim.slice(1))];
    const asked = decoder.ask({ ask: 'pages', indexes }, 'x.parquet', ALIVE);
    await expect(asked).rejects.toMatchObject({ code: 'store_failed' });
  });

  it('bounds the heap of its worker', async () => {
    const script = join(folder, 'limits.js');
    const reply = '{ answer: resourceLimits.maxOldGenerationSizeMb, memory: 0 }';
    write(
      script,
      `const { parentPort, resourceLimits } = require('node:worker_threads');
      parentPort.on('message', () => parentPort.postMessage(${reply}));`
    );
    decoder = new WorkerDecoder({ script, deadlineMs: 10_000, maxMemory: MIB });
    expect(await decoder.ask({ ask: 'pages', indexes: [] }, 'x.parquet', ALIVE)).toBe(512);
  });

  it('has two workers where two are busy, and one where one is enough', async () => {
    const script = join(folder, 'names.js');
    write(
      script,
      `const { parentPort, threadId } = require('node:worker_threads');
      parentPort.on('message', () => setTimeout(() => parentPort.postMessage({ answer: threadId, memory: 0 }), 50));`
    );
    decoder = new WorkerDecoder({ script, deadlineMs: 10_000, maxMemory: MIB });
    const ask = () => decoder.ask({ ask: 'pages', indexes: [] }, 'x.parquet', ALIVE);
    expect(await ask()).toBe(await ask());
    const workers = await Promise.all([ask(), ask(), ask(), ask(), ask()]);
    expect(new Set(workers).size).toBe(2);
  });

  it('ends what it does when it is disposed, and does nothing any more', async () => {
    const script = join(folder, 'slow.js');
    write(script, `require('node:worker_threads').parentPort.on('message', () => {});`);
    decoder = new WorkerDecoder({ script, deadlineMs: 10_000, maxMemory: MIB });
    const ask = () => decoder.ask({ ask: 'pages', indexes: [] }, 'x.parquet', ALIVE);
    const asked = Promise.allSettled([ask(), ask(), ask()]);
    await sleep(50);
    await decoder.dispose();
    const refused = { status: 'rejected', reason: expect.objectContaining({ code: 'unavailable' }) };
    expect(await asked).toEqual([refused, refused, refused]);
    await expect(ask()).rejects.toMatchObject({ code: 'unavailable' });
  });

  it('decodes whole columns in one worker alone, the one that a single reader has', async () => {
    const script = join(folder, 'names.js');
    decoder = new WorkerDecoder({ script, deadlineMs: 10_000, maxMemory: MIB });
    const pages = () => decoder.ask({ ask: 'pages', indexes: [] }, 'x.parquet', ALIVE);
    const column = () => {
      const file = new Uint8Array(8);
      return decoder.ask({ ask: 'column', file, skip: 0, take: 1, batchRows: 1 }, 'x.parquet', ALIVE);
    };
    const only = await pages();
    expect(await column()).toBe(only);
    const asked = [pages(), pages(), column(), pages(), column(), column()];
    const workers = await Promise.all(asked);
    expect(new Set(workers).size).toBe(2);
    expect([2, 4, 5].map(i => workers[i])).toEqual([only, only, only]);
  });

  it('ends with its deadline and then works again', async () => {
    make({ deadlineMs: 1 });
    await expect(decode(FILE)).rejects.toMatchObject({ code: 'deadline' });
    await decoder.dispose();
    make();
    expect(await decode(FILE)).toEqual(ROWS);
  });

  it('ends when it is aborted, and serves who waited behind', async () => {
    make();
    const controller = new AbortController();
    const first = decode(FILE, controller.signal);
    const second = decode(FILE);
    controller.abort(new Error('enough'));
    await expect(first).rejects.toThrow('enough');
    expect(await second).toEqual(ROWS);
  });

  it('takes a new worker once the memory has passed its bound', async () => {
    make({ maxMemory: 1 });
    expect(await decode(FILE)).toEqual(ROWS);
    expect(await decode(FILE)).toEqual(ROWS);
  });

  it('says so when its script is missing', async () => {
    decoder = new WorkerDecoder({ script: '/nowhere/worker.js', deadlineMs: 10_000, maxMemory: MIB });
    await expect(decode(FILE)).rejects.toMatchObject({ details: expect.stringContaining('/nowhere/worker.js') });
  });
});

function withFooterLength(length: number): Uint8Array {
  const file = Buffer.from(FILE);
  file.writeUInt32LE(length, file.length - 8);
  return file;
}
