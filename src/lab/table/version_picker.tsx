import type { TranslationBundle } from '@jupyterlab/translation';
import { Button, UseSignal } from '@jupyterlab/ui-components';
import type { FormEvent, ReactElement } from 'react';
import { useState } from 'react';
import { Ago } from '../components';
import type { TableModel } from './model';

/** Chooses the version that is looked at: by its number or by a time, and back to the newest. */
export function VersionPicker({ model, trans }: { model: TableModel; trans: TranslationBundle }): ReactElement {
  return <UseSignal signal={model.stateChanged}>{() => <Picker model={model} trans={trans} />}</UseSignal>;
}

function Picker({ model, trans }: { model: TableModel; trans: TranslationBundle }): ReactElement | null {
  const { data } = model;
  const [dragged, setDragged] = useState<number | null>(null);
  const [time, setTime] = useState('');
  const newest = !model.isNewest && (
    <Button className="jp-mod-styled jp-mod-accept" onClick={() => void model.travel({})}>
      {trans.__('Back to the newest')}
    </Button>
  );
  if (data === null) {
    return newest || null;
  }
  const { head } = data;
  // The one that is asked for, at once: keys may come faster than answers.
  const version = model.at.version ?? data.version;
  const choose = (chosen: number): void => {
    setDragged(null);
    if (chosen !== version) {
      void model.travel({ version: chosen });
    }
  };
  const onTime = (event: FormEvent): void => {
    event.preventDefault();
    const ms = Date.parse(`${time}Z`);
    if (!Number.isNaN(ms)) {
      // Times are shown to the second, so one that is typed means all of its second.
      void model.travel({ at_us: (ms + 999) * 1000 });
    }
  };
  const shown = dragged ?? version;
  const done = (): void => choose(shown);
  return (
    <div className="twinstore-VersionPicker" role="group" aria-label={trans.__('Version')}>
      <label className="twinstore-VersionPicker-slider">
        <span>{trans.__('Version %1 of %2', shown, head)}</span>
        <input
          type="range"
          min={0}
          max={head}
          value={shown}
          disabled={head === 0}
          onChange={event => setDragged(Number(event.target.value))}
          onPointerUp={done}
          onKeyUp={done}
          onBlur={done}
        />
      </label>
      {data.committed_us !== null && (
        <span className="twinstore-Hint">
          {trans.__('committed')} <Ago us={data.committed_us} trans={trans} />
        </span>
      )}
      <form onSubmit={onTime}>
        <label>
          {trans.__('As of (UTC)')}{' '}
          <input type="datetime-local" step={1} value={time} onChange={event => setTime(event.target.value)} />
        </label>{' '}
        <Button type="submit" className="jp-mod-styled jp-mod-reject" aria-disabled={time === ''}>
          {trans.__('Go')}
        </Button>
      </form>
      {newest}
    </div>
  );
}
