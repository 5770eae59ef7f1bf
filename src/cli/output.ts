import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';

/** Writes pieces as the reader takes them. A reader that goes away, such as `head`, ends it without an error. */
export async function writeAll(
  out: NodeJS.WritableStream,
  pieces: AsyncIterable<string | Uint8Array>,
  signal: AbortSignal
): Promise<void> {
  try {
    await pipeline(Readable.from(pieces), out, { end: false, signal });
  } catch (error) {
    if ((error as NodeJS.ErrnoException | null)?.code !== 'EPIPE') {
      throw error;
    }
  }
}

/** A table of texts, its first row the head; columns as wide as their widest text. What would steer a terminal shows. */
export function textTable(texts: readonly (readonly string[])[]): string {
  const rows = texts.map(row => row.map(printable));
  const widths = (rows[0] ?? []).map((_, i) => rows.reduce((most, row) => Math.max(most, row[i]?.length ?? 0), 0));
  return rows
    .map(
      row =>
        `${row
          .map((cell, i) => cell.padEnd(widths[i] ?? 0))
          .join('  ')
          .trimEnd()}\n`
    )
    .join('');
}

function printable(text: string): string {
  return text.replace(
    /[\u0000-\u001f\u007f-\u009f]/g,
    each => `\\x${each.charCodeAt(0).toString(16).padStart(2, '0')}`
  );
}
