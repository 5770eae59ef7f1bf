import type { DeltaType, ISchemaField } from '../../../src/companion/delta';

const NAMES: Readonly<Record<string, string>> = { tinyint: 'byte', smallint: 'short', int: 'integer', bigint: 'long' };

/** The Delta type of Spark's simple string, such as `array<struct<a:int>>`. */
export function deltaType(text: string): DeltaType {
  const [, kind, inside = ''] = /^(array|map|struct)<(.*)>$/.exec(text) ?? [];
  const parts = split(inside);
  switch (kind) {
    case 'array':
      return { type: 'array', elementType: deltaType(inside), containsNull: true };
    case 'map':
      return {
        type: 'map',
        keyType: deltaType(parts[0] ?? ''),
        valueType: deltaType(parts[1] ?? ''),
        valueContainsNull: true
      };
    case 'struct':
      return {
        type: 'struct',
        fields: parts.map(part => fieldOf(part.split(':', 1)[0] ?? '', part.replace(/^.*?:/, '')))
      };
    default:
      return NAMES[text] ?? text;
  }
}

/** A nullable column. */
export function fieldOf(name: string, type: string): ISchemaField {
  return { name, type: deltaType(type), nullable: true, metadata: {} };
}

/** At the commas that stand in no brackets. */
function split(text: string): string[] {
  const parts: string[] = [];
  let depth = 0;
  let start = 0;
  for (const [i, character] of [...text].entries()) {
    depth += character === '<' || character === '(' ? 1 : character === '>' || character === ')' ? -1 : 0;
    if (character === ',' && depth === 0) {
      parts.push(text.slice(start, i));
      start = i + 1;
    }
  }
  return [...parts, text.slice(start)];
}
