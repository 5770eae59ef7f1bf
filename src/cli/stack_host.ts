import { dirname } from 'node:path';
import { findPython, thisMachine } from '../stack';
import type { IStackHost, Progress } from '../stack';
import type { IContext } from './command';

/** The interpreter that Spark verbs run on. */
export function python({ env, program }: IContext): string {
  return findPython(env, dirname(program));
}

/** What the stack needs, taken from this process. */
export function stackHost(context: IContext, progress: Progress): IStackHost {
  return {
    env: context.env,
    python: () => python(context),
    supervisor: [process.execPath, context.program, 'stack'],
    room: thisMachine,
    progress,
    signal: context.signal
  };
}
