import { chunksOf } from './chunks';

/**
 * Lines of a stream of newline-delimited JSON, parsed.
 *
 * #### Notes
 * What follows the last newline is a line that was cut off, and is dropped: whoever reads asks for it again.
 */
export async function* readNdjson(body: ReadableStream<Uint8Array> | null): AsyncGenerator<unknown> {
  const decoder = new TextDecoder();
  let rest = '';
  for await (const chunk of chunksOf(body)) {
    const lines = (rest + decoder.decode(chunk, { stream: true })).split('\n');
    rest = lines.pop() ?? '';
    for (const line of lines) {
      if (line.trim() !== '') {
        yield JSON.parse(line);
      }
    }
  }
}
