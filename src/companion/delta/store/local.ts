import { constants } from 'node:fs';
import { open, readdir, realpath, stat } from 'node:fs/promises';
import type { FileHandle } from 'node:fs/promises';

import { TwinstoreError } from '../../../contract';
import { below, isWithin } from './address';
import type { IEntry, IListing, IListOptions, IObjectStore, IReadOptions } from './object_store';

/** Local folders. A link that leads out of the roots is refused. */
export class LocalStore implements IObjectStore {
  /** @param roots Canonical folders under which everything read must lie. */
  constructor(private readonly roots: readonly string[]) {}

  async list(folder: string, options: IListOptions): Promise<IListing> {
    options.signal.throwIfAborted();
    let children;
    try {
      await this.guard(folder);
      children = await readdir(folder, { withFileTypes: true });
    } catch (error) {
      // A root that is not there is a mistake in the settings; any other folder may come yet.
      if (isMissing(error) && !this.roots.includes(folder)) {
        return { files: [], folders: [] };
      }
      throw failed(folder, error);
    }
    const wanted = children
      .filter(child => options.after === undefined || bytewise(child.name, options.after) > 0)
      .sort((a, b) => bytewise(a.name, b.name));
    const listing: IListing = { files: [], folders: [] };
    for (const child of wanted) {
      if (listing.files.length >= (options.limit ?? Infinity)) {
        break;
      }
      options.signal.throwIfAborted();
      const entry = child.isDirectory() ? child.name : await entryOf(below(folder, child.name), child.name);
      if (typeof entry === 'string') {
        listing.folders.push(entry);
      } else if (entry !== null) {
        listing.files.push(entry);
      }
    }
    return listing;
  }

  async read(location: string, { range, limit, signal }: IReadOptions): Promise<Uint8Array> {
    signal.throwIfAborted();
    try {
      return await this.withFile(location, async ({ file, size }) => {
        const { start, end } = range ?? { start: 0, end: size };
        if (end > size) {
          throw shapeless(location, `has ${size} bytes where ${end} were expected`);
        }
        if (end - start > limit) {
          throw shapeless(location, `has more than the ${limit} bytes that are read here`);
        }
        const bytes = new Uint8Array(end - start);
        for (let done = 0; done < bytes.length;) {
          signal.throwIfAborted();
          const { bytesRead } = await file.read(bytes, done, bytes.length - done, start + done);
          if (bytesRead === 0) {
            throw shapeless(location, 'became shorter while it was read');
          }
          done += bytesRead;
        }
        return bytes;
      });
    } catch (error) {
      signal.throwIfAborted();
      throw failed(location, error);
    }
  }

  /** Opens a file once for all who read it at one time, who all see what it held when the first of them came. */
  private async withFile<T>(location: string, work: (opened: IOpened) => Promise<T>): Promise<T> {
    const shared = this.opened.get(location) ?? { file: this.open(location), users: 0 };
    this.opened.set(location, shared);
    shared.users += 1;
    try {
      return await work(await shared.file);
    } finally {
      shared.users -= 1;
      if (shared.users === 0) {
        this.opened.delete(location);
        await shared.file.then(
          ({ file }) => file.close(),
          () => undefined
        );
      }
    }
  }

  private async open(location: string): Promise<IOpened> {
    await this.guard(location);
    // Not blocking: opening a named pipe would wait for a writer forever.
    const file = await open(location, constants.O_RDONLY | constants.O_NONBLOCK);
    try {
      const info = await file.stat();
      if (!info.isFile()) {
        throw shapeless(location, 'is not a file');
      }
      return { file, size: info.size };
    } catch (error) {
      await file.close();
      throw error;
    }
  }

  private async guard(location: string): Promise<void> {
    const real = await realpath(location);
    if (this.roots.some(root => isWithin(root, real))) {
      return;
    }
    // A root that became a link since.
    for (const root of this.roots) {
      if (isWithin(await realpath(root).catch(() => root), real)) {
        return;
      }
    }
    throw new TwinstoreError(
      'forbidden',
      `${location} leads out of the configured roots.`,
      'Add the folder that it leads to as a root in twinstore.toml, or remove the link.'
    );
  }

  private readonly opened = new Map<string, { file: Promise<IOpened>; users: number }>();
}

interface IOpened {
  file: FileHandle;
  /** Bytes. */
  size: number;
}

async function entryOf(location: string, name: string): Promise<IEntry | string | null> {
  // A link shows what it leads to; one that leads nowhere shows nothing. Reading guards where it leads.
  const info = await stat(location).catch((error: unknown) => {
    if (isMissing(error) || (error as NodeJS.ErrnoException).code === 'ELOOP') {
      return null;
    }
    throw error;
  });
  if (info === null) {
    return null;
  }
  // Whole ms, as Delta takes them.
  return info.isDirectory() ? name : { name, size: info.size, modifiedMs: Math.floor(info.mtimeMs) };
}

/** The order of S3: by UTF-8 bytes. */
function bytewise(a: string, b: string): number {
  return Buffer.compare(Buffer.from(a), Buffer.from(b));
}

function isMissing(error: unknown): boolean {
  const code = (error as NodeJS.ErrnoException | null)?.code;
  return code === 'ENOENT' || code === 'ENOTDIR';
}

function shapeless(location: string, what: string): TwinstoreError {
  return new TwinstoreError('store_failed', `${location} ${what}.`, 'Check that the table was copied as a whole.');
}

function failed(location: string, error: unknown): unknown {
  if (error instanceof TwinstoreError) {
    return error;
  }
  if (isMissing(error)) {
    return new TwinstoreError('not_found', `${location} does not exist.`, 'Check the path.', { cause: error });
  }
  const code = (error as NodeJS.ErrnoException | null)?.code;
  if (code === 'EACCES' || code === 'EPERM') {
    return new TwinstoreError('forbidden', `${location} must not be read by this user.`, 'Give it read access.', {
      side: 'store',
      cause: error
    });
  }
  return new TwinstoreError('store_failed', `${location} could not be read.`, 'Check the disk.', {
    details: String(error),
    cause: error
  });
}
