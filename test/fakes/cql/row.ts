import { token } from './murmur3';
import { Writer } from './wire';

/** When a write was made by its own word, and the second from which on it is gone; null where it stays. */
export interface IStamp {
  timestamp: bigint;
  expiresS: number | null;
}

interface ICell extends IStamp {
  /** Null is a tombstone. */
  value: Buffer | null;
}

/**
 * A row, which is a whole partition: what was written to it, reconciled as Cassandra does
 * (`Cells.resolveRegular`, `LivenessInfo.supersedes`). Deleted and expired things stay, for they decide over later
 * writes with older timestamps.
 */
export class Row {
  /** @param key Values of the partition key's columns. */
  constructor(readonly key: readonly Buffer[]) {
    const routing = routingKey(key);
    this.id = routing.toString('hex');
    this.token = token(routing);
  }

  /** What tells it from all other rows. */
  readonly id: string;
  readonly token: bigint;

  /** An INSERT makes the row be there even where every other column is null. */
  insert(stamp: IStamp): void {
    if (this.liveness === null || supersedes(stamp, this.liveness)) {
      this.liveness = stamp;
    }
  }

  /** Writes one column; null deletes it. */
  write(column: string, value: Buffer | null, stamp: IStamp): void {
    const cell = { value, timestamp: stamp.timestamp, expiresS: value === null ? null : stamp.expiresS };
    const before = this.cells.get(column);
    this.cells.set(column, before === undefined ? cell : newer(before, cell));
  }

  /** Deletes whatever was written up to this timestamp. */
  delete(timestamp: bigint): void {
    if (this.deletedAt === null || timestamp > this.deletedAt) {
      this.deletedAt = timestamp;
    }
  }

  isLive(nowS: number): boolean {
    const inserted = this.liveness !== null && this.isCurrent(this.liveness, nowS);
    return inserted || [...this.cells.keys()].some(column => this.cell(column, nowS) !== null);
  }

  /** The column's cell if it holds a value now. */
  cell(column: string, nowS: number): (IStamp & { value: Buffer }) | null {
    const cell = this.cells.get(column);
    return cell !== undefined && cell.value !== null && this.isCurrent(cell, nowS)
      ? { ...cell, value: cell.value }
      : null;
  }

  private isCurrent(stamp: IStamp, nowS: number): boolean {
    const survives = this.deletedAt === null || stamp.timestamp > this.deletedAt;
    return survives && (stamp.expiresS === null || nowS < stamp.expiresS);
  }

  private liveness: IStamp | null = null;
  private deletedAt: bigint | null = null;
  private readonly cells = new Map<string, ICell>();
}

/** The bytes that a key's token is made of. */
export function routingKey(key: readonly Buffer[]): Buffer {
  const [only] = key;
  if (key.length === 1 && only !== undefined) {
    return only;
  }
  const writer = new Writer();
  key.forEach(part => writer.shortBytes(part).byte(0));
  return writer.done();
}

/** In the order of a scan. */
export function inTokenOrder(one: Pick<Row, 'token' | 'id'>, other: Pick<Row, 'token' | 'id'>): number {
  if (one.token !== other.token) {
    return one.token < other.token ? -1 : 1;
  }
  return one.id === other.id ? 0 : one.id < other.id ? -1 : 1;
}

function supersedes(stamp: IStamp, before: IStamp): boolean {
  if (stamp.timestamp !== before.timestamp) {
    return stamp.timestamp > before.timestamp;
  }
  return (stamp.expiresS ?? -1) > (before.expiresS ?? -1);
}

/**
 * The greater timestamp. If equal: a tombstone, then what expires, then what stays; of two that expire the later one;
 * then the greater bytes.
 */
function newer(one: ICell, other: ICell): ICell {
  if (one.timestamp !== other.timestamp) {
    return one.timestamp > other.timestamp ? one : other;
  }
  if (one.value === null || other.value === null) {
    return one.value === null ? one : other;
  }
  if (one.expiresS !== other.expiresS) {
    return (one.expiresS ?? -1) > (other.expiresS ?? -1) ? one : other;
  }
  return Buffer.compare(one.value, other.value) >= 0 ? one : other;
}
