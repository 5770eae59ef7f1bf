import type { Redactor } from './redaction';

/** Fields of a log line beside its time and event. */
export type LogFields = Readonly<Record<string, string | number | null>>;

/** Writes one JSON object a line, without secrets. */
export class Log {
  constructor(
    private readonly write: (line: string) => void,
    private readonly redactor: Redactor,
    private readonly nowMs: () => number
  ) {}

  info(event: string, fields: LogFields = {}): void {
    this.line('info', event, fields);
  }

  error(event: string, fields: LogFields = {}): void {
    this.line('error', event, fields);
  }

  private line(level: string, event: string, fields: LogFields): void {
    const at = new Date(this.nowMs()).toISOString();
    this.write(`${this.redactor.clean(JSON.stringify({ at, level, event, ...fields }))}\n`);
  }
}
