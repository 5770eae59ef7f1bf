import { TwinstoreError } from '../../contract';
import { damaged } from './actions';
import { below } from './store';
import type { IEntry, IObjectStore } from './store';

/** Files of one complete checkpoint. */
export interface ICheckpoint {
  version: number;
  files: readonly IEntry[];
}

/** A JSON file of the log that holds the versions from `first` to `last`. */
export interface ICommitFile {
  first: number;
  last: number;
  entry: IEntry;
}

/** The files that together make one version of a table. */
export interface ILogSegment {
  version: number;
  checkpoint: ICheckpoint | null;
  /** What comes after the checkpoint, oldest first, without gap: commits, and compacted logs where they span several. */
  replay: readonly ICommitFile[];
  /** Single commits from the checkpoint's version on, as far as they are still there, oldest first. */
  commits: readonly ICommitFile[];
}

export const LOG_FOLDER = '_delta_log';

/** The folder of a table's log. */
export function logFolder(table: string): string {
  return below(table, LOG_FOLDER);
}

/** A version as file names of the log write it; sorts before every file of that version and after those of older ones. */
export function versionPrefix(version: number): string {
  return String(version).padStart(20, '0');
}

/**
 * Finds the files of a version, the newest when none is asked for. Null when there is no Delta table.
 *
 * `_last_checkpoint` only shortens the listing: it may be absent, stale, empty or wrong.
 */
export async function findLogSegment(
  store: IObjectStore,
  table: string,
  wanted: number | null,
  signal: AbortSignal
): Promise<ILogSegment | null> {
  const hint = await readHint(store, table, signal);
  if (hint !== null && (wanted === null || hint <= wanted)) {
    const names = await listLog(store, table, hint, signal);
    if (names.checkpoints.some(({ version }) => wanted === null || version <= wanted)) {
      return buildSegment(names, table, wanted);
    }
  }
  const names = await listLog(store, table, 0, signal);
  return names.commits.length === 0 && names.checkpoints.length === 0 ? null : buildSegment(names, table, wanted);
}

/** The segment that does without checkpoints which turned out to be damaged; null when no other files make the version. */
export async function findOtherSegment(
  store: IObjectStore,
  table: string,
  version: number,
  tried: readonly ICheckpoint[],
  signal: AbortSignal
): Promise<ILogSegment | null> {
  const names = await listLog(store, table, 0, signal);
  const isTried = ({ files: [first] }: ICheckpoint) => tried.some(({ files }) => files[0]?.name === first?.name);
  const checkpoints = names.checkpoints.filter(checkpoint => !isTried(checkpoint));
  try {
    return buildSegment({ ...names, checkpoints }, table, version);
  } catch {
    return null;
  }
}

interface ILogNames {
  commits: ICommitFile[];
  compacted: ICommitFile[];
  /** Complete ones only, oldest first. */
  checkpoints: ICheckpoint[];
}

/** Every single commit that is still in the log, oldest first. */
export async function listCommits(store: IObjectStore, table: string, signal: AbortSignal): Promise<ICommitFile[]> {
  return (await listLog(store, table, 0, signal)).commits;
}

/** Commits and checkpoints from a version on. */
async function listLog(store: IObjectStore, table: string, from: number, signal: AbortSignal): Promise<ILogNames> {
  const { files } = await store.list(logFolder(table), { after: versionPrefix(from), signal });
  return sortNames(files);
}

/** Sorts the files of a log by what their names say; names that the protocol does not know are ignored. */
export function sortNames(files: readonly IEntry[]): ILogNames {
  const commits: ICommitFile[] = [];
  const compacted: ICommitFile[] = [];
  const checkpoints: ICheckpoint[] = [];
  const parts = new Map<string, Map<number, IEntry>>();
  for (const entry of files) {
    const [, digits = '', rest = ''] = /^(\d{20})\.(.+)$/.exec(entry.name) ?? [];
    const version = Number(digits);
    // A commit without actions is one; nothing else is whole without a byte.
    const isWhole = entry.size > 0 || rest === 'json';
    if (digits === '' || !Number.isSafeInteger(version) || !isWhole) {
      continue;
    }
    const [, last] = /^(\d{20})\.compacted\.json$/.exec(rest) ?? [];
    const [, part, total] = /^checkpoint\.(\d{10})\.(\d{10})\.parquet$/.exec(rest) ?? [];
    if (rest === 'json') {
      commits.push({ first: version, last: version, entry });
    } else if (last !== undefined && Number(last) > version) {
      compacted.push({ first: version, last: Number(last), entry });
    } else if (part !== undefined && total !== undefined) {
      const key = `${digits}.${total}`;
      const found = parts.get(key) ?? new Map<number, IEntry>();
      parts.set(key, found.set(Number(part), entry));
      if (
        Array.from({ length: found.size }, (_, i) => found.has(i + 1)).every(Boolean) &&
        found.size === Number(total)
      ) {
        checkpoints.push({ version, files: [...found.values()] });
      }
    } else if (/^checkpoint\.(?:parquet|[0-9a-f-]{36}\.(?:json|parquet))$/i.test(rest)) {
      checkpoints.push({ version, files: [entry] });
    }
  }
  commits.sort((a, b) => a.first - b.first);
  checkpoints.sort((a, b) => a.version - b.version);
  return { commits, compacted, checkpoints };
}

function buildSegment(
  { commits, compacted, checkpoints }: ILogNames,
  table: string,
  wanted: number | null
): ILogSegment {
  const newest = Math.max(commits.at(-1)?.last ?? -1, checkpoints.at(-1)?.version ?? -1);
  const version = wanted ?? newest;
  if (version > newest) {
    throw noSuchVersion(table, version, `its newest version is ${newest}`);
  }
  const checkpoint = checkpoints.findLast(candidate => candidate.version <= version) ?? null;
  const first = checkpoint === null ? 0 : checkpoint.version + 1;
  const needed = commits.filter(({ last }) => last >= first && last <= version);
  const missing = needed.findIndex((commit, i) => commit.first !== first + i);
  if (needed.length !== version - first + 1) {
    const gap = missing < 0 ? first + needed.length : first + missing;
    const oldest = Math.min(checkpoints[0]?.version ?? Infinity, commits[0]?.first === 0 ? 0 : Infinity);
    if (checkpoint === null && oldest !== 0 && oldest !== Infinity) {
      throw noSuchVersion(table, version, `its log has been cleaned: versions ${oldest} to ${newest} exist`);
    }
    throw damaged(logFolder(table), `version ${gap} is missing`);
  }
  return {
    version,
    checkpoint,
    replay: withCompacted(needed, compacted, version),
    commits: commits.filter(({ last }) => last >= (checkpoint?.version ?? 0) && last <= version)
  };
}

/** Takes one compacted log instead of the commits that it holds, the longest first. */
function withCompacted(
  commits: readonly ICommitFile[],
  compacted: readonly ICommitFile[],
  version: number
): ICommitFile[] {
  const replay: ICommitFile[] = [];
  for (let i = 0; i < commits.length;) {
    const commit = commits[i] as ICommitFile;
    const best = compacted
      .filter(({ first, last }) => first === commit.first && last <= version)
      .reduce((a, b) => (b.last > a.last ? b : a), commit);
    replay.push(best);
    i += best.last - best.first + 1;
  }
  return replay;
}

/** Version of the newest checkpoint as `_last_checkpoint` says; null when it says nothing sensible. */
async function readHint(store: IObjectStore, table: string, signal: AbortSignal): Promise<number | null> {
  try {
    const bytes = await store.read(below(logFolder(table), '_last_checkpoint'), { limit: 1024 * 1024, signal });
    const version = (JSON.parse(Buffer.from(bytes).toString('utf8')) as { version?: unknown } | null)?.version;
    return Number.isSafeInteger(version) && (version as number) >= 0 ? (version as number) : null;
  } catch {
    // Whatever is wrong with the store shows in the listing that follows.
    signal.throwIfAborted();
    return null;
  }
}

function noSuchVersion(table: string, version: number, why: string): TwinstoreError {
  return new TwinstoreError(
    'not_found',
    `${table} has no version ${version}: ${why}.`,
    'Ask for one of these versions.'
  );
}
