import type { TranslationBundle } from '@jupyterlab/translation';
import type { ReactElement } from 'react';
import { dateText } from '../../arrow';
import type { IColumnStatistics } from '../../contract';
import { absolute, grouped, rounded } from '../words';

/** How the values of a column are spread, as bars with their figures in a table. */
export function Distribution(props: { about: IColumnStatistics; trans: TranslationBundle }): ReactElement | null {
  const { about, trans } = props;
  const bars = barsOf(about);
  if (bars.length === 0) {
    return null;
  }
  const isHistogram = about.histogram !== null;
  return (
    <>
      {isHistogram ? <Histogram bars={bars} /> : <Frequent bars={bars} />}
      <details>
        <summary>{isHistogram ? trans.__('Bins') : trans.__('Most frequent values')}</summary>
        <table className="twinstore-Table">
          <thead>
            <tr>
              <th scope="col">{isHistogram ? trans.__('from – to') : trans.__('value')}</th>
              <th scope="col" className="twinstore-mod-number">
                {trans.__('rows')}
              </th>
            </tr>
          </thead>
          <tbody>
            {bars.map(({ label, count }, i) => (
              <tr key={i}>
                <th scope="row">{label}</th>
                <td className="twinstore-mod-number">{grouped(count)}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </details>
    </>
  );
}

interface IBar {
  label: string;
  count: number;
}

function barsOf({ histogram, frequent, type }: IColumnStatistics): IBar[] {
  if (histogram !== null) {
    const { edges, counts } = histogram;
    return counts.map((count, i) => ({
      label: `${edge(edges[i] ?? 0, type)} – ${edge(edges[i + 1] ?? 0, type)}`,
      count
    }));
  }
  return (frequent ?? []).map(({ value, count }) => ({ label: value, count }));
}

/** Dates and times are counted from the epoch. */
function edge(value: number, type: string): string {
  switch (type) {
    case 'date':
      return dateText(Math.floor(value));
    case 'timestamp':
    case 'timestamp_ntz':
      return absolute(value);
    default:
      return rounded(value);
  }
}

/** Bars side by side, as high as their counts; the table beside it says the same in figures. */
function Histogram({ bars }: { bars: readonly IBar[] }): ReactElement {
  const most = Math.max(1, ...bars.map(({ count }) => count));
  return (
    <svg
      className="twinstore-Histogram"
      viewBox={`0 0 ${bars.length} 10`}
      preserveAspectRatio="none"
      aria-hidden="true"
    >
      {bars.map(({ count }, i) => (
        // A bar that is not empty is seen, however low.
        <rect key={i} x={i + 0.05} width={0.9} y={10 - heightOf(count, most)} height={heightOf(count, most)} />
      ))}
    </svg>
  );
}

function heightOf(count: number, most: number): number {
  return count === 0 ? 0 : Math.max(0.3, (10 * count) / most);
}

function Frequent({ bars }: { bars: readonly IBar[] }): ReactElement {
  const most = Math.max(1, ...bars.map(({ count }) => count));
  return (
    <svg
      className="twinstore-Histogram"
      viewBox={`0 0 10 ${bars.length}`}
      preserveAspectRatio="none"
      aria-hidden="true"
    >
      {bars.map(({ count }, i) => (
        <rect key={i} x={0} width={heightOf(count, most)} y={i + 0.1} height={0.8} />
      ))}
    </svg>
  );
}
