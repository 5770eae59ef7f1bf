import { TwinstoreError } from '../../contract';
import type { FeatureGroupDefinition } from '../../contract';
import type { Snapshot } from '../delta';
import { toDefinition } from './records';

const FORMAT = '1';

/** Whether a table's properties say that it is the history of a feature group. */
export function isGroup({ properties }: Snapshot): boolean {
  return properties['twinstore.definition'] !== undefined && properties['twinstore.format'] !== undefined;
}

/**
 * The definition in a table's properties; null when the table is not a feature group.
 *
 * Throws `unsupported` for a format that is not known, `store_failed` for a definition that is none.
 */
export function definitionOf(snapshot: Snapshot): FeatureGroupDefinition | null {
  const { table, properties } = snapshot;
  if (!isGroup(snapshot)) {
    return null;
  }
  const format = properties['twinstore.format'];
  if (format !== FORMAT) {
    throw new TwinstoreError(
      'unsupported',
      `${table} was written in format ${format} of twinstore; this version reads format ${FORMAT}.`,
      'Install a newer twinstore.'
    );
  }
  return toDefinition(properties['twinstore.definition'] ?? '', table);
}
