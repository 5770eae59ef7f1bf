import type { ReactElement } from 'react';
import type { GroupState, JobState } from '../../contract';

/**
 * Shapes, drawn 16 by 16.
 *
 * #### Notes
 * Not every font has the characters, and those that do draw them in different sizes.
 */
const SHAPES = {
  disc: <circle cx={8} cy={8} r={6} />,
  half: (
    <>
      <circle cx={8} cy={8} r={5.25} fill="none" stroke="currentColor" strokeWidth={1.5} />
      <path d="M8 2a6 6 0 0 0 0 12z" />
    </>
  ),
  ring: <circle cx={8} cy={8} r={5.25} fill="none" stroke="currentColor" strokeWidth={1.5} />,
  triangle: <path d="M8 1.5 15 14H1z" />,
  cross: <path d="M3 3l10 10M13 3 3 13" fill="none" stroke="currentColor" strokeWidth={2.5} />,
  tick: <path d="M2.5 8.5l4 4 7-9" fill="none" stroke="currentColor" strokeWidth={2.5} />,
  play: <path d="M3.5 2v12l10-6z" />,
  square: <path d="M3 3h10v10H3z" />
} as const;

const SHAPE_OF: Readonly<Record<GroupState | JobState, keyof typeof SHAPES>> = {
  in_parity: 'disc',
  behind: 'half',
  differs: 'triangle',
  unknown: 'ring',
  unreachable: 'cross',
  running: 'play',
  succeeded: 'tick',
  failed: 'cross',
  stopped: 'square'
};

/** The sign of a state. Decoration: words that say the same stand beside it. */
export function Glyph({ of: state }: { of: GroupState | JobState }): ReactElement {
  return (
    <svg className="twinstore-Glyph" data-state={state} viewBox="0 0 16 16" fill="currentColor" aria-hidden="true">
      {SHAPES[SHAPE_OF[state]]}
    </svg>
  );
}
