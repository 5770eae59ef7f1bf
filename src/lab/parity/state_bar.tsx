import type { TranslationBundle } from '@jupyterlab/translation';
import type { ReactElement } from 'react';
import type { StateCounts } from '../../contract';
import { grouped, stateWords } from '../words';

/** Row states as they are drawn, from left to right. */
const ORDER = [
  'match',
  'stale_online',
  'missing_online',
  'mismatch',
  'extra_online',
  'ahead_online',
  'expired',
  'in_flight'
] as const satisfies readonly (keyof StateCounts)[];

/** Share of the bar that any state above zero gets, so that one bad row in a million is seen. */
const LEAST_SHARE = 0.01;

/**
 * Widths of the states in the bar, as shares of it that sum to 1.
 *
 * #### Notes
 * Small states are drawn wider than they are, at the cost of the large ones; the figures below the bar are exact.
 */
export function shares(counts: StateCounts): { state: keyof StateCounts; share: number }[] {
  const present = ORDER.filter(state => counts[state] > 0);
  const total = present.reduce((sum, state) => sum + counts[state], 0);
  const widened = present.map(state => ({ state, share: Math.max(LEAST_SHARE, counts[state] / total) }));
  const sum = widened.reduce((all, { share }) => all + share, 0);
  return widened.map(({ state, share }) => ({ state, share: share / sum }));
}

/** How many rows are in each state: a bar, and the same as figures. */
export function StateBar({ counts, trans }: { counts: StateCounts; trans: TranslationBundle }): ReactElement {
  let x = 0;
  return (
    <div className="twinstore-StateBar">
      <svg viewBox="0 0 100 6" preserveAspectRatio="none" aria-hidden="true">
        {shares(counts).map(({ state, share }) => {
          const from = x;
          x += share * 100;
          return <rect key={state} data-rowstate={state} x={from} y={0} width={share * 100} height={6} />;
        })}
      </svg>
      <dl>
        {ORDER.map(state => (
          <div key={state} data-rowstate={state} data-empty={counts[state] === 0}>
            <dt>{stateWords(state, trans)}</dt>
            <dd>{grouped(counts[state])}</dd>
          </div>
        ))}
      </dl>
    </div>
  );
}
