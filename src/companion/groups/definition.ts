import { TwinstoreError } from '../../contract';
import type { FeatureGroupDefinition } from '../../contract';
import { isSamePlace } from '../delta';
import type { Snapshot } from '../delta';
import { toDefinition } from './records';

const FORMAT = '1';

/**
 * Whether a table's properties say that it is the history of a feature group.
 *
 * A copy of another table, which came by its definition with the rest, is none: what is asked of the group is done there.
 */
export function isGroup({ table, properties }: Snapshot): boolean {
  const definition = properties['twinstore.definition'];
  if (definition === undefined || properties['twinstore.format'] === undefined) {
    return false;
  }
  const offline = offlineOf(definition);
  return offline === null || isSamePlace(offline, table);
}

/** The address that a definition names; null where it names none. */
function offlineOf(definition: string): string | null {
  try {
    const { offline } = JSON.parse(definition) as { offline?: unknown };
    return typeof offline === 'string' ? offline : null;
  } catch {
    return null;
  }
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
