import type { ISignal } from '@lumino/signaling';
import { Signal } from '@lumino/signaling';
import type { Data, RecordBatch, Schema } from 'apache-arrow';
import type { Reader } from '../../arrow';
import { readerOf, startReader, textReader } from '../../arrow';

/** Characters of a value that are drawn, at most: a cell shows fewer. */
const START = 300;

/** By which column rows are ordered, and which way. */
export interface IOrder {
  column: string;
  descending: boolean;
}

/** The same, of rows that are there: their columns are told by place, for a name may come twice. */
export interface ISort {
  column: number;
  descending: boolean;
}

/** How rows that have arrived are ordered among themselves. */
export interface ISorted {
  by: ISort;
  /** The place of each shown row among those that have arrived. */
  places: Uint32Array;
}

/** Rows that arrive batch by batch, in the order in which they are shown. */
export class ArrowRows {
  constructor(readonly schema: Schema) {}

  /** How many rows have arrived. */
  get length(): number {
    return this._length;
  }

  /** Null while they are shown as they came. */
  get sorted(): ISorted | null {
    return this._sorted;
  }

  set sorted(sorted: ISorted | null) {
    this._sorted = sorted;
    this._reordered.emit();
  }

  /** Emitted with the number of rows that have been added at the end. */
  get added(): ISignal<this, number> {
    return this._added;
  }

  get reordered(): ISignal<this, void> {
    return this._reordered;
  }

  append(batch: RecordBatch): void {
    if (batch.numRows === 0) {
      return;
    }
    this._batches.push({ data: batch.data, texts: [], starts: [], readers: [] });
    this._length += batch.numRows;
    this._ends.push(this._length);
    this._added.emit(batch.numRows);
  }

  /** The exact text of a value, null for a null. */
  text(row: number, column: number): string | null {
    return this._text(row, column, 'texts');
  }

  /** Its first characters, `START` at most, and an ellipsis where there are more, which are not read then. */
  start(row: number, column: number): string | null {
    return this._text(row, column, 'starts');
  }

  /** Reads the values of a column at the place where they arrived. */
  reader(column: number): Reader {
    return place => {
      const [batch, i] = this._find(place);
      return (batch.readers[column] ??= readerOf(child(batch, column)))(i);
    };
  }

  private _text(row: number, column: number, which: 'texts' | 'starts'): string | null {
    const [batch, i] = this._find(this._sorted?.places[row] ?? row);
    const data = child(batch, column);
    if (data.nullCount > 0 && !data.getValid(i)) {
      return null;
    }
    return (batch[which][column] ??= which === 'starts' ? startReader(data, START) : textReader(data))(i);
  }

  /** The batch that holds a row, and where in it. */
  private _find(row: number): [IBatch, number] {
    let low = 0;
    let high = this._ends.length - 1;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((this._ends[middle] ?? 0) > row) {
        high = middle;
      } else {
        low = middle + 1;
      }
    }
    return [this._batches[low] as IBatch, row - (low === 0 ? 0 : (this._ends[low - 1] ?? 0))];
  }

  private readonly _batches: IBatch[] = [];
  /** Number of rows up to the end of each batch. */
  private readonly _ends: number[] = [];
  private _length = 0;
  private _sorted: ISorted | null = null;
  private readonly _added = new Signal<this, number>(this);
  private readonly _reordered = new Signal<this, void>(this);
}

interface IBatch {
  data: Data;
  texts: ((i: number) => string)[];
  starts: ((i: number) => string)[];
  readers: Reader[];
}

function child(batch: IBatch, column: number): Data {
  return batch.data.children[column] as Data;
}
