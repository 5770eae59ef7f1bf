import type { IProgram } from './guardian';

export type PartName = 'cassandra' | 's3';

/** A program of the stack, and how it is known to work. */
export interface IPart {
  name: PartName;
  /** What a reader calls it. */
  title: string;
  port: number;
  program: IProgram;
  /** Longest start, in ms. */
  startMs: number;
  /** Time between asking it to end and ending it, in ms. */
  graceMs: number;
  /** Whether it answers in its own protocol. */
  answers(): Promise<boolean>;
  /** What must be there before it is of use; runs after each start. */
  prepare(): Promise<void>;
}
