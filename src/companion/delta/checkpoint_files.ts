import { DataType } from 'apache-arrow';
import type { Data, Field } from 'apache-arrow';

import { deletionVectorOf } from './actions';
import type { IAddFile, IDeletionVector } from './actions';
import { readerOf, validityOf } from './arrow';
import type { Reader } from './arrow';

const isText = DataType.isUtf8;
const isWhole = (type: DataType) => DataType.isInt(type) && type.bitWidth === 64;
const isTexts = (type: DataType) =>
  DataType.isMap(type) && ((type.children[0] as Field).type.children as Field[]).every(field => isText(field.type));

/** The fields of an add and the types that writers give them. */
const TYPES = {
  path: isText,
  size: isWhole,
  modificationTime: isWhole,
  partitionValues: isTexts,
  stats: isText,
  deletionVector: DataType.isStruct
};
type Name = keyof typeof TYPES;

const ABSENT: Reader = () => null;
const NO_VALUES: IAddFile['partitionValues'] = {};

/**
 * The files in the `add` column of a checkpoint, which may be a million, of which few are looked at: each stays in its
 * Arrow column and reads a field when it is asked for it.
 */
export class CheckpointFiles {
  /** Null where a field is not of the type that writers give it. */
  static of(add: Data): CheckpointFiles | null {
    const fields = add.type.children as Field[];
    const isKnown = fields.every(({ name, type }) => TYPES[name as Name]?.(type) ?? true);
    return isKnown ? new CheckpointFiles(add) : null;
  }

  private constructor(private readonly add: Data) {
    this.read = {
      path: this.reader('path'),
      size: this.reader('size'),
      modificationTime: this.reader('modificationTime'),
      partitionValues: this.reader('partitionValues'),
      stats: this.reader('stats'),
      deletionVector: this.reader('deletionVector')
    };
    const paths = this.column('path');
    const [isFile, hasPath] = [validityOf(add), paths === undefined ? () => false : validityOf(paths)];
    this.isThere = row => isFile(row) && hasPath(row);
  }

  /**
   * The file of a row; null where it has none, or one that lacks what every file has.
   *
   * @param checkpoint What errors call it.
   */
  at(row: number, checkpoint: string): IAddFile | null {
    const size = this.isThere(row) ? Number(this.read.size(row) ?? NaN) : NaN;
    if (!Number.isSafeInteger(size)) {
      return null;
    }
    const vector = this.read.deletionVector(row);
    return new CheckpointFile(this.read, row, size, vector === null ? null : deletionVectorOf(vector, checkpoint));
  }

  private column(name: Name): Data | undefined {
    return this.add.children[(this.add.type.children as Field[]).findIndex(field => field.name === name)];
  }

  private reader(name: Name): Reader {
    const column = this.column(name);
    return column === undefined ? ABSENT : readerOf(column);
  }

  private readonly read: Readonly<Record<Name, Reader>>;
  private readonly isThere: (row: number) => boolean;
}

class CheckpointFile implements IAddFile {
  constructor(
    private readonly read: Readonly<Record<Name, Reader>>,
    private readonly row: number,
    readonly size: number,
    readonly deletionVector: IDeletionVector | null
  ) {}

  get path(): string {
    return this.read.path(this.row) as string;
  }

  get modificationTime(): number | null {
    const time = this.read.modificationTime(this.row);
    return time === null ? null : Number(time);
  }

  get stats(): string | null {
    return this.read.stats(this.row) as string | null;
  }

  get partitionValues(): IAddFile['partitionValues'] {
    const values = this.read.partitionValues(this.row) as ReadonlyMap<string, string | null> | null;
    return values === null || values.size === 0 ? NO_VALUES : Object.fromEntries(values);
  }
}
