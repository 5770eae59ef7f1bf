import type { IAddFile } from './actions';
import { rowsOf } from './arrow';
import type { Row } from './arrow';
import { DataFile } from './data_file';
import type { IEngine } from './engine';
import { findField, projectionOf } from './projection';
import { rowHash } from './row_hash';
import type { ISchemaField } from './schema';
import type { Snapshot } from './snapshot';

/** The library's own columns, which rows of other writers may lack. */
const CREATED = '_created_us';
const HASH = '_row_hash';

/** Where a row stands. */
export interface IRowPlace {
  /** Place in a list of files. */
  file: number;
  /** Number in the file. */
  row: number;
}

interface IContender {
  place: IRowPlace;
  created: bigint;
  hash: bigint;
}

/**
 * Decides between rows of one key and one event time: the greatest `_created_us` (0 where there is none), then the
 * greatest `_row_hash` (computed where there is none), then the greatest hash of what the row really holds, should someone
 * have changed it and left the internal columns alone. Reads nothing but the rows in question.
 */
export class TieBreaker {
  constructor(
    private readonly engine: IEngine,
    private readonly snapshot: Snapshot,
    {
      keys,
      eventTimestamp,
      features
    }: { keys: readonly string[]; eventTimestamp: string; features?: readonly string[] }
  ) {
    const others = new Set([...keys, eventTimestamp, CREATED, HASH]);
    this.features =
      features?.map(name => findField(snapshot, name)) ?? snapshot.schema.filter(({ name }) => !others.has(name));
    this.internal = snapshot.schema.filter(({ name }) => name === CREATED || name === HASH);
  }

  /** The winner of each tie. @param files To which the places refer. */
  async winners(
    files: readonly IAddFile[],
    ties: readonly (readonly IRowPlace[])[],
    signal: AbortSignal
  ): Promise<IRowPlace[]> {
    const read = (fields: readonly ISchemaField[], places: readonly IRowPlace[]) =>
      this.read(files, fields, places, signal);
    const internal = await read(this.internal, ties.flat());
    const bare = ties.flat().filter(place => typeof internal.get(place)?.[HASH] !== 'bigint');
    const hashes = this.hashed(await read(this.features, bare));
    const ranked = ties.map(places => {
      const contenders = places.map((place): IContender => {
        const { [CREATED]: created, [HASH]: hash } = internal.get(place) ?? {};
        return {
          place,
          created: typeof created === 'bigint' ? created : 0n,
          hash: typeof hash === 'bigint' ? hash : (hashes.get(place) ?? 0n)
        };
      });
      return greatest(
        greatest(contenders, ({ created }) => created),
        ({ hash }) => hash
      ).map(({ place }) => place);
    });
    const open = ranked.filter(({ length }) => length > 1).flat();
    const real = this.hashed(await read(this.features, open));
    return ranked.map(places => greatest(places, place => real.get(place) ?? 0n)[0] as IRowPlace);
  }

  private hashed(rows: ReadonlyMap<IRowPlace, Row>): Map<IRowPlace, bigint> {
    return new Map([...rows].map(([place, row]) => [place, rowHash(this.features, row)]));
  }

  /** Some columns of some rows. */
  private async read(
    files: readonly IAddFile[],
    fields: readonly ISchemaField[],
    places: readonly IRowPlace[],
    signal: AbortSignal
  ): Promise<Map<IRowPlace, Row>> {
    const rows = new Map<IRowPlace, Row>();
    const projection = projectionOf(this.snapshot, fields);
    for (const number of new Set(places.map(({ file }) => file))) {
      const own = places.filter(({ file }) => file === number).sort((a, b) => a.row - b.row);
      const file = await DataFile.open(this.engine, this.snapshot, files[number] as IAddFile, signal);
      const numbers = own.map(({ row }) => row);
      let at = 0;
      for await (const { data } of file.rowsAt(projection, numbers, signal)) {
        for (const row of rowsOf(data)) {
          rows.set(own[at++] as IRowPlace, row);
        }
      }
    }
    return rows;
  }

  private readonly features: readonly ISchemaField[];
  private readonly internal: readonly ISchemaField[];
}

/** Those of the greatest rank. */
function greatest<T>(items: readonly T[], rank: (item: T) => bigint): T[] {
  let best: T[] = [];
  for (const item of items) {
    const [first] = best;
    if (first === undefined || rank(item) > rank(first)) {
      best = [item];
    } else if (rank(item) === rank(first)) {
      best.push(item);
    }
  }
  return best;
}
