import type { Clock } from './clock';
import { alreadyExists, invalid } from './errors';
import { inTokenOrder, Row, routingKey } from './row';
import type { CqlType } from './types';

export interface IColumn {
  name: string;
  type: CqlType;
  kind: 'partition_key' | 'regular';
  /** In the key; −1 of other columns. */
  position: number;
}

/** What a table is at one time. A change makes a new one. */
export interface IDefinition {
  keyspace: string;
  name: string;
  id: string;
  /** The key in its order, then the others in the order of their names. */
  columns: readonly IColumn[];
  comment: string;
  defaultTtlS: number;
  customProperties: Readonly<Record<string, Readonly<Record<string, string>>>>;
}

/** Whether the table's CUSTOM_PROPERTIES enable a thing. A default time to live enables those too. */
export function enables(definition: IDefinition, property: 'client_side_timestamps' | 'ttl'): boolean {
  const enabled = definition.customProperties[property]?.['status'] === 'enabled';
  return enabled || (property === 'ttl' && definition.defaultTtlS > 0);
}

export type Status = 'CREATING' | 'ACTIVE' | 'UPDATING' | 'DELETING';

/** A table with its rows. */
export class Table {
  constructor(public definition: IDefinition) {}

  status: Status = 'ACTIVE';

  /** The row, which is made if there is none yet. */
  row(key: readonly Buffer[]): Row {
    const found = this.find(key);
    if (found !== null) {
      return found;
    }
    const row = new Row(key);
    this.rows.set(row.id, row);
    this.sorted = null;
    return row;
  }

  get rowCount(): number {
    return this.rows.size;
  }

  find(key: readonly Buffer[]): Row | null {
    return this.rows.get(routingKey(key).toString('hex')) ?? null;
  }

  /** All rows in the order of their tokens, also those that are dead. */
  scan(): readonly Row[] {
    return (this.sorted ??= [...this.rows.values()].sort(inTokenOrder));
  }

  private readonly rows = new Map<string, Row>();
  private sorted: Row[] | null = null;
}

export interface IKeyspace {
  name: string;
  tables: Map<string, Table>;
}

/** All keyspaces and tables. What a statement changes is so after a while: DDL is asynchronous. */
export class Catalog {
  constructor(private readonly clock: Clock) {}

  /** Changes with every change of what the system tables show. */
  get schemaVersion(): string {
    this.settle();
    return `00000000-0000-4000-8000-${this.revision.toString(16).padStart(12, '0')}`;
  }

  /** Those that are there. */
  keyspaces(): IKeyspace[] {
    this.settle();
    return [...this.all.values()];
  }

  /** The tables whose status is among those. */
  tables(isIn: (status: Status) => boolean): Table[] {
    return this.keyspaces().flatMap(({ tables }) => [...tables.values()].filter(({ status }) => isIn(status)));
  }

  keyspace(name: string): IKeyspace {
    this.settle();
    const found = this.all.get(name);
    if (found === undefined) {
      throw invalid(`Keyspace ${name} does not exist`);
    }
    return found;
  }

  /** A table that data can be written to and read from. */
  table(keyspace: string, name: string): Table {
    this.keyspace(keyspace);
    const found = this.find(keyspace, name);
    if (found === null) {
      throw invalid(`unconfigured table ${name}`);
    }
    return found;
  }

  /** Such a table, or null. */
  find(keyspace: string, name: string): Table | null {
    this.settle();
    const found = this.all.get(keyspace)?.tables.get(name);
    return found !== undefined && isUsable(found.status) ? found : null;
  }

  /** False where it is there or on its way. */
  createKeyspace(name: string, ifNotExists: boolean, afterMs: number): boolean {
    this.settle();
    if (this.all.has(name) || this.coming.has(name)) {
      if (ifNotExists) {
        return false;
      }
      throw alreadyExists(name, '');
    }
    this.coming.add(name);
    this.later(afterMs, () => {
      this.coming.delete(name);
      this.all.set(name, { name, tables: new Map() });
    });
    return true;
  }

  /** False where there is none. */
  dropKeyspace(name: string, ifExists: boolean, afterMs: number): boolean {
    this.settle();
    if (!this.all.has(name) && ifExists) {
      return false;
    }
    this.keyspace(name);
    this.later(afterMs, () => this.all.delete(name));
    return true;
  }

  /** False where it is there or on its way. */
  createTable(definition: IDefinition, ifNotExists: boolean, afterMs: number): boolean {
    const { tables, name: keyspace } = this.keyspace(definition.keyspace);
    const before = tables.get(definition.name);
    if (before?.status === 'DELETING') {
      throw invalid(`Table ${keyspace}.${definition.name} is being deleted`);
    }
    if (before !== undefined) {
      if (ifNotExists) {
        return false;
      }
      throw alreadyExists(keyspace, definition.name);
    }
    const table = new Table(definition);
    tables.set(definition.name, table);
    this.change(table, 'CREATING', afterMs, () => (table.status = 'ACTIVE'));
    return true;
  }

  alterTable(table: Table, definition: IDefinition, afterMs: number): void {
    this.refuseUnlessActive(table);
    this.change(table, 'UPDATING', afterMs, () => {
      table.definition = definition;
      table.status = 'ACTIVE';
    });
  }

  /** False where there is none. */
  dropTable(keyspace: string, name: string, ifExists: boolean, afterMs: number): boolean {
    const { tables } = this.keyspace(keyspace);
    const table = tables.get(name);
    if (table === undefined) {
      if (ifExists) {
        return false;
      }
      throw invalid(`unconfigured table ${name}`);
    }
    this.refuseUnlessActive(table);
    this.change(table, 'DELETING', afterMs, () => tables.delete(name));
    return true;
  }

  private refuseUnlessActive({ status, definition: { keyspace, name } }: Table): void {
    if (status !== 'ACTIVE') {
      throw invalid(`Table ${keyspace}.${name} is ${status}, not ACTIVE`);
    }
  }

  private change(table: Table, status: Status, afterMs: number, change: () => void): void {
    table.status = status;
    this.later(afterMs, change);
  }

  private later(afterMs: number, change: () => void): void {
    this.pending.push({ dueMs: this.clock.nowMs() + afterMs, change });
    this.settle();
  }

  /** Makes the changes that are due. */
  private settle(): void {
    const nowMs = this.clock.nowMs();
    for (const { change } of this.pending.filter(({ dueMs }) => dueMs <= nowMs)) {
      change();
      this.revision += 1;
    }
    this.pending = this.pending.filter(({ dueMs }) => dueMs > nowMs);
  }

  private readonly all = new Map<string, IKeyspace>();
  private readonly coming = new Set<string>();
  private pending: { dueMs: number; change: () => unknown }[] = [];
  private revision = 1;
}

/** Whether data can be written to and read from a table with this status. */
export function isUsable(status: Status): boolean {
  return status === 'ACTIVE' || status === 'UPDATING';
}
