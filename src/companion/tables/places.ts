import type { ITableEntry, ITablesAnswer } from '../../contract';
import { below, Limiter, logFolder, Watched } from '../delta';
import type { IEngine } from '../delta';
import { isGroup } from '../groups';

/** Folders that are looked into at once. */
const CONCURRENCY = 8;
/** More than this in one folder are not what a person looks through. */
const MAX_ENTRIES = 1_000;

type Kind = ITableEntry['kind'];

/** What lies where in the offline store. */
export class Places {
  /** @param roots Canonical. */
  constructor(
    private readonly engine: IEngine,
    private readonly roots: readonly string[]
  ) {}

  /** The configured roots. */
  async top(signal: AbortSignal): Promise<ITablesAnswer> {
    const entries = this.roots.map(root => this.entry(root, root, signal));
    return { location: null, entries: await Promise.all(entries), truncated: false };
  }

  /** One level of a folder, by name. @param location Canonical. */
  async under(location: string, signal: AbortSignal): Promise<ITablesAnswer> {
    const { folders } = await this.engine.store.list(location, { signal });
    const names = folders.filter(name => !/^[._]/.test(name)).sort();
    const entries = names
      .slice(0, MAX_ENTRIES)
      .map(name => this.limiter.run(() => this.entry(name, below(location, name), signal), signal));
    return { location, entries: await Promise.all(entries), truncated: names.length > MAX_ENTRIES };
  }

  private async entry(name: string, location: string, signal: AbortSignal): Promise<ITableEntry> {
    return { name, location, kind: await this.kindOf(location, signal) };
  }

  /** What is wrong with a table is told to those who open it. */
  private async kindOf(location: string, signal: AbortSignal): Promise<Kind> {
    const known = this.tables.get(location);
    if (known === undefined && !(await this.hasLog(location, signal))) {
      return 'folder';
    }
    // Of a table only its kind is read and kept: there may be many, and large ones.
    const told = known ?? new Watched<Kind>(this.engine, location, kindOf, { files: false });
    try {
      const kind = await told.get(signal);
      if (kind === null) {
        this.tables.delete(location);
        return 'folder';
      }
      this.tables.set(location, told);
      return kind;
    } catch {
      signal.throwIfAborted();
      return 'table';
    }
  }

  /** Whether a log can be seen. Why a place cannot be listed is told to those who open it. */
  private async hasLog(location: string, signal: AbortSignal): Promise<boolean> {
    try {
      return (await this.engine.store.list(logFolder(location), { limit: 1, signal })).files.length > 0;
    } catch {
      signal.throwIfAborted();
      return false;
    }
  }

  private readonly limiter = new Limiter(CONCURRENCY);
  private readonly tables = new Map<string, Watched<Kind>>();
}

function kindOf(snapshot: Parameters<typeof isGroup>[0]): Kind {
  return isGroup(snapshot) ? 'group' : 'table';
}
