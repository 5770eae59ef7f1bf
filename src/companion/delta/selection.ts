import { RecordBatch, Struct } from 'apache-arrow';
import type { Data, Schema } from 'apache-arrow';

import { laidOut, take } from './arrow';
import type { DataFile, ILiveRows } from './data_file';
import { fieldsOf, matching } from './filter';
import type { Condition } from './filter';
import { projectionOf, schemaOf } from './projection';
import type { IProjection } from './projection';
import type { ISchemaField } from './schema';
import type { Snapshot } from './snapshot';

/**
 * Reads only the rows that satisfy a condition: first its columns, then of the others the pages that hold such rows.
 */
export class Selection {
  /**
   * @param fields Those wanted, in their order.
   * @param skip Rows of the first files that are left out.
   */
  constructor(
    snapshot: Snapshot,
    private readonly fields: readonly ISchemaField[],
    private readonly condition: Condition,
    private skip = 0
  ) {
    const asked = [...new Set(fieldsOf(condition))];
    const others = fields.filter(field => !asked.includes(field));
    this.asked = projectionOf(snapshot, asked);
    this.others = projectionOf(snapshot, others);
    this.schema = schemaOf(fields);
  }

  /** @param most Rows, at most. */
  async *read(file: DataFile, most: number, signal: AbortSignal): AsyncGenerator<ILiveRows, void, undefined> {
    let left = most;
    for await (const rows of file.read(this.asked, {}, signal)) {
      const found = matching(this.condition, rows.batch);
      const places = found.subarray(this.skip, this.skip + left);
      this.skip -= Math.min(this.skip, found.length);
      left -= places.length;
      let at = 0;
      for await (const others of file.rowsAt(this.others, Array.from(places, rows.rowOf), signal)) {
        const some = places.subarray(at, at + others.numRows);
        yield { batch: this.joined(rows.batch, some, others), rowOf: i => rows.rowOf(some[i] as number) };
        at += others.numRows;
      }
      if (left <= 0) {
        return;
      }
    }
  }

  private joined(asked: RecordBatch, places: Uint32Array, others: RecordBatch): RecordBatch {
    const known = new Map<ISchemaField, Data>();
    this.asked.fields.forEach((field, i) => known.set(field, asked.data.children[i] as Data));
    const taken = new Map<ISchemaField, Data>();
    this.others.fields.forEach((field, i) => taken.set(field, others.data.children[i] as Data));
    const children = this.fields.map(field => taken.get(field) ?? take(known.get(field) as Data, places));
    const { fields } = this.schema;
    return new RecordBatch(this.schema, laidOut(new Struct(fields), places.length, { nullCount: 0, children }));
  }

  private readonly asked: IProjection;
  private readonly others: IProjection;
  private readonly schema: Schema;
}
