import type { IErrorBody } from './errors';
import type { ParityReport, Receipt } from './types';

/** Verbs that `POST jobs` accepts, each a child: `python -m twinstore VERB … --json`, or the command for `demo`. */
export type JobVerb = 'demo' | 'run' | 'parity' | 'retry' | 'repair' | 'materialize';

/** Body of `POST jobs`. */
export type IJobRequest =
  /** Starts the demo stack, makes its input, and makes it what is used where no settings are yet. */
  | { verb: 'demo'; args: Record<string, never> }
  | { verb: 'run'; args: { notebook: string; parameters?: Record<string, string | number | boolean | null> } }
  | { verb: 'parity'; args: { group: string; how?: 'auto' | 'full' | 'changed' } }
  | { verb: 'retry'; args: { group: string } }
  | { verb: 'repair'; args: { group: string } }
  /** With a `version`, a Delta version, the rows as they were then. */
  | { verb: 'materialize'; args: { group: string; version?: number } };

export type JobState = 'running' | 'succeeded' | 'failed' | 'stopped';

/** A point of a job's progress. */
export interface IJobProgress {
  /** What is being done, in words, such as `cell 4 of 11`. */
  stage: string;
  done: number;
  /** Null when the total is not known. */
  total: number | null;
  /** Of `done` and `total`, such as `rows`. */
  unit: string;
}

/** Result of each verb. */
export interface IJobResult {
  receipts?: Receipt[];
  report?: ParityReport;
  /** Where the executed notebook was saved. */
  notebook?: string;
}

/** One line of `GET jobs/{id}/events`. The server adds `seq` (from 1) and `at_us` to what the child printed. */
export type IJobEvent = { seq: number; at_us: number } & (
  | { type: 'started' }
  | ({ type: 'progress' } & IJobProgress)
  | { type: 'log'; text: string }
  | { type: 'result'; result: IJobResult }
  | { type: 'failed'; error: IErrorBody }
  | { type: 'stopped' }
);

/** A job as `GET jobs` and `GET jobs/{id}` show it. */
export interface IJob {
  id: string;
  verb: JobVerb;
  args: IJobRequest['args'];
  /** What to call it: the notebook's file name or the group's name. */
  title: string;
  /** Path, from the server's root, where the executed notebook of a run is saved after each cell; else null. */
  output: string | null;
  state: JobState;
  started_us: number;
  ended_us: number | null;
  progress: IJobProgress | null;
  result: IJobResult | null;
  error: IErrorBody | null;
  /** Sequence number of the newest event. */
  last_seq: number;
}
