import type { TranslationBundle } from '@jupyterlab/translation';
import { Button } from '@jupyterlab/ui-components';
import type { ReactElement } from 'react';
import type { ReadingModel } from '../reading_model';
import { byteSize, grouped } from '../words';

/** How far a reading is, and a way to stop it. What it reads is announced; the bytes are not, they change too often. */
export function ReadingLine(props: { model: ReadingModel; what: string; trans: TranslationBundle }): ReactElement {
  const { model, what, trans } = props;
  const { progress } = model;
  const isReading = model.phase === 'reading';
  const planned = progress?.planned_bytes ?? null;
  const share = progress && planned ? Math.min(1, progress.bytes / planned) : null;
  const told = progress === null ? '' : bytesOf(progress.bytes, planned, progress.rows, trans);
  return (
    <>
      <p className="twinstore-hidden" role="status" aria-live="polite">
        {isReading ? what : ''}
      </p>
      {isReading && (
        <div className="twinstore-Progress">
          <span className="twinstore-Progress-stage">
            {what} {told}
          </span>
          <progress
            className="twinstore-Progress-bar"
            aria-label={what}
            aria-valuetext={told}
            max={1}
            {...(share === null ? {} : { value: share })}
          />
          <Button className="jp-mod-styled jp-mod-reject" onClick={() => model.stop()}>
            {trans.__('Stop')}
          </Button>
        </div>
      )}
    </>
  );
}

function bytesOf(bytes: number, planned: number | null, rows: number, trans: TranslationBundle): string {
  const read = byteSize(bytes, trans);
  const size = planned === null ? read : trans.__('%1 of %2', read, byteSize(planned, trans));
  return rows === 0 ? size : `${size} · ${trans._n('%2 row', '%2 rows', rows, grouped(rows))}`;
}
