import { Data, DataType } from 'apache-arrow';

/** The buffers of a column as the Arrow columnar format names them; bitmaps have bit 1 for valid. */
export interface ILayout {
  nullCount: number;
  nullBitmap?: Uint8Array | undefined;
  valueOffsets?: Int32Array | undefined;
  values?: ArrayBufferView | undefined;
  children?: Data[];
  /** Of a dictionary column, whose values are places in it. */
  dictionary?: Data['dictionary'];
}

/** A column that starts at its buffers' start, as all columns here do. */
export function laidOut<T extends DataType>(type: T, length: number, layout: ILayout): Data<T> {
  const { nullCount, nullBitmap, valueOffsets, values, children = [], dictionary } = layout;
  return new Data(
    type,
    0,
    length,
    nullCount,
    [valueOffsets, values, nullBitmap] as never,
    children,
    dictionary as never
  );
}

/** The same column with some of its parts replaced. */
export function relaid(source: Data, type: DataType, parts: Partial<ILayout>): Data {
  return laidOut(type, source.length, {
    nullCount: source.nullCount,
    nullBitmap: source.nullCount === 0 ? undefined : source.nullBitmap,
    valueOffsets: source.valueOffsets,
    values: source.values,
    children: source.children as Data[],
    ...parts
  });
}

/** Whether values have lengths of their own: text, bytes, lists and maps. */
export function hasOffsets(type: DataType): boolean {
  return DataType.isUtf8(type) || DataType.isBinary(type) || DataType.isList(type) || DataType.isMap(type);
}

/** Elements of the type's own typed array for each value. */
export function stride(type: DataType): number {
  return DataType.isDecimal(type) ? type.bitWidth / 32 : 1;
}

/** A column in which every value is null. */
export function nulls(type: DataType, length: number): Data {
  if (DataType.isNull(type)) {
    return laidOut(type, length, { nullCount: length });
  }
  const children = (type.children ?? []).map(child => nulls(child.type, DataType.isStruct(type) ? length : 0));
  const words = DataType.isBool(type) ? (length + 7) >> 3 : hasOffsets(type) ? 0 : length * stride(type);
  const ArrayType = type.ArrayType as (new (length: number) => ArrayBufferView) | undefined;
  return laidOut(type, length, {
    nullCount: length,
    nullBitmap: new Uint8Array((length + 7) >> 3),
    valueOffsets: hasOffsets(type) ? new Int32Array(length + 1) : undefined,
    values: children.length > 0 || ArrayType === undefined ? undefined : new ArrayType(words),
    children
  });
}
