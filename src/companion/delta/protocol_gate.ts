import { TwinstoreError } from '../../contract';
import type { ITableState } from './replay';

/** Reader features that reading the log understands. */
const SUPPORTED: ReadonlySet<string> = new Set([
  'columnMapping',
  'deletionVectors',
  'timestampNtz',
  'typeWidening',
  'typeWidening-preview',
  'v2Checkpoint',
  'vacuumProtocolCheck'
]);

/**
 * Why the data of a table must not be read; null when it may. Writer features never block a reader.
 *
 * Schema, properties and history are shown all the same.
 */
export function readerRefusal(table: string, { protocol, protocolVersion }: ITableState): TwinstoreError | null {
  if (protocol === null) {
    return null;
  }
  const since = protocolVersion === null ? '' : `, since version ${protocolVersion}`;
  const unknown = protocol.readerFeatures.filter(feature => !SUPPORTED.has(feature));
  if (unknown.length > 0) {
    const features = unknown.map(feature => `"${feature}"`).join(', ');
    const noun = unknown.length === 1 ? 'feature' : 'features';
    return refusal(`${table} needs the reader ${noun} ${features}${since}, which cannot be read here.`);
  }
  if (protocol.minReaderVersion > 3) {
    return refusal(`${table} needs Delta reader version ${protocol.minReaderVersion}${since}; up to 3 is supported.`);
  }
  return null;
}

function refusal(message: string): TwinstoreError {
  return new TwinstoreError('unsupported', message, 'Read it with Spark, or drop the feature from the table.', {
    side: 'twinstore'
  });
}
