import type { Row } from './arrow';
import type { IEngine } from './engine';
import { logFolder, versionPrefix } from './log_segment';
import { openSnapshot } from './snapshot';
import type { ISnapshotOptions, Snapshot } from './snapshot';
import { sideBySide } from './store';
import type { IEntry } from './store';
import { readFile } from './table';

const NO_ROWS: readonly Row[] = [];

/**
 * What a table's newest snapshot tells, kept while nothing is committed: one listing of the log's tail shows whether
 * anything is to be read.
 */
export class Watched<T> {
  /**
   * @param location Canonical.
   * @param told By a snapshot; what it does not hold on to is free again.
   */
  constructor(
    private readonly engine: IEngine,
    private readonly location: string,
    private readonly told: (snapshot: Snapshot) => T,
    private readonly options: ISnapshotOptions = {}
  ) {}

  /** The same object as before while no commit was made. Null when there is no table. */
  async get(signal: AbortSignal): Promise<T | null> {
    const { known } = this;
    if (known !== null && (await this.tail(known.version, signal)) === known.tail) {
      return known.value;
    }
    const fresh = await openSnapshot(this.engine, this.location, null, signal, this.options);
    // The tail as the snapshot saw it; a commit in between makes the next look read again.
    this.known = fresh && { value: this.told(fresh), version: fresh.version, tail: describe(commitOf(fresh)) };
    return this.known?.value ?? null;
  }

  private async tail(version: number, signal: AbortSignal): Promise<string> {
    const listing = await this.engine.store.list(logFolder(this.location), { after: versionPrefix(version), signal });
    return describe(listing.files);
  }

  private known: { value: T; version: number; tail: string } | null = null;
}

/** A table that is looked at again and again. */
export class WatchedTable {
  /** @param location Canonical. */
  constructor(
    private readonly engine: IEngine,
    location: string
  ) {
    this.newest = new Watched(engine, location, snapshot => snapshot);
  }

  /** The newest snapshot; the same object as before while no commit was made. Null when there is no table. */
  snapshot(signal: AbortSignal): Promise<Snapshot | null> {
    return this.newest.get(signal);
  }

  /**
   * All rows of a small table; the same array as before while no commit was made. Files never change, so each is read
   * once for each deletion vector that it has.
   */
  async rows(signal: AbortSignal): Promise<readonly Row[]> {
    const snapshot = await this.snapshot(signal);
    if (snapshot === null) {
      return NO_ROWS;
    }
    if (this.rowsOf === snapshot) {
      return this.knownRows;
    }
    const parts = await sideBySide(snapshot.files, signal, async (file, either) => {
      const key = JSON.stringify([file.path, file.deletionVector]);
      const rows = this.files.get(key) ?? (await readFile(this.engine, snapshot, file, either));
      return [key, rows] as const;
    });
    this.files = new Map(parts);
    this.knownRows = parts.flatMap(([, rows]) => rows);
    this.rowsOf = snapshot;
    return this.knownRows;
  }

  private readonly newest: Watched<Snapshot>;
  private rowsOf: Snapshot | null = null;
  private knownRows: readonly Row[] = NO_ROWS;
  private files: ReadonlyMap<string, readonly Row[]> = new Map();
}

/** Whether a snapshot's commit is still the one that was there when it was read. */
export async function isCurrent(engine: IEngine, snapshot: Snapshot, signal: AbortSignal): Promise<boolean> {
  const { table, version } = snapshot;
  const prefix = versionPrefix(version);
  // No name of the log comes between this one and the commit's.
  const { files } = await engine.store.list(logFolder(table), { after: `${prefix}.jso`, limit: 1, signal });
  const found = files.filter(({ name }) => name === `${prefix}.json`);
  return describe(found) === describe(commitOf(snapshot));
}

/** The commit of a snapshot's version; none where log cleaning took it away. */
function commitOf({ segment, version }: Snapshot): IEntry[] {
  return segment.commits.filter(({ last }) => last === version).map(({ entry }) => entry);
}

/** Commits of a log's tail; a table that was made anew at the same version has another time or size. */
function describe(files: readonly IEntry[]): string {
  return files
    .filter(({ name }) => /^\d{20}\.json$/.test(name))
    .map(({ name, size, modifiedMs }) => `${name} ${size} ${modifiedMs}`)
    .join('\n');
}
