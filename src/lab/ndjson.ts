/**
 * Lines of a stream of newline-delimited JSON, parsed.
 *
 * #### Notes
 * What follows the last newline is a line that was cut off, and is dropped: whoever reads asks for it again.
 */
export async function* readNdjson(body: ReadableStream<Uint8Array>): AsyncGenerator<unknown> {
  const reader = body.getReader();
  const decoder = new TextDecoder();
  let rest = '';
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) {
        return;
      }
      const lines = (rest + decoder.decode(value, { stream: true })).split('\n');
      rest = lines.pop() ?? '';
      for (const line of lines) {
        if (line.trim() !== '') {
          yield JSON.parse(line);
        }
      }
    }
  } finally {
    // Ends the request when the reader leaves early.
    await reader.cancel().catch(() => undefined);
  }
}
