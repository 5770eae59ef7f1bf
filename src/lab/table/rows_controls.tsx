import type { TranslationBundle } from '@jupyterlab/translation';
import { Button, HTMLSelect } from '@jupyterlab/ui-components';
import type { FormEvent, KeyboardEvent, ReactElement } from 'react';
import { useId, useState } from 'react';
import type { ITableColumn } from '../../contract';
import { Code } from '../components';
import { grouped } from '../words';
import type { RowsModel } from './rows_model';

export interface IRowsControlsProps {
  model: RowsModel;
  trans: TranslationBundle;
  isPlain: boolean;
  onPlain: (isPlain: boolean) => void;
}

/** What is read: which rows, which columns, how many; and whether they are shown as a plain table. */
export function RowsControls({ model, trans, isPlain, onPlain }: IRowsControlsProps): ReactElement | null {
  const { data } = model.table;
  // Of rows that cannot be read there is nothing to choose.
  if (data === null || data.refusal !== null) {
    return null;
  }
  return (
    <div className="twinstore-RowsControls">
      <Filter model={model} trans={trans} columns={data.columns} />
      <div className="twinstore-RowsControls-more">
        <ColumnPicker model={model} trans={trans} columns={data.columns} />
        <HTMLSelect
          aria-label={trans.__('Rows, at most')}
          value={String(model.wish.limit)}
          options={model.limits.map(limit => ({ value: String(limit), label: trans.__('%1 rows', grouped(limit)) }))}
          onChange={event => void model.ask({ limit: Number(event.target.value) })}
        />
        <Button
          className="jp-mod-styled jp-mod-reject"
          aria-pressed={isPlain}
          title={trans.__('The first rows as a table of the page, for screen readers and for search')}
          onClick={() => onPlain(!isPlain)}
        >
          {isPlain ? trans.__('View as grid') : trans.__('View as table')}
        </Button>
        <Button className="jp-mod-styled jp-mod-reject" onClick={() => void model.readAgain()}>
          {trans.__('Read again')}
        </Button>
      </div>
    </div>
  );
}

interface IPartProps {
  model: RowsModel;
  trans: TranslationBundle;
  columns: readonly ITableColumn[];
}

function Filter({ model, trans, columns }: IPartProps): ReactElement {
  const [text, setText] = useState(model.wish.where);
  const id = useId();
  const onSubmit = (event: FormEvent): void => {
    event.preventDefault();
    void model.ask({ where: text.trim() });
  };
  const clear = (): void => {
    setText('');
    void model.ask({ where: '' });
  };
  const error = model.isConditionRefused ? model.error : null;
  return (
    <form className="twinstore-Filter" role="search" onSubmit={onSubmit}>
      <label htmlFor={id}>{trans.__('Where')}</label>
      <input
        id={id}
        className="jp-mod-styled"
        value={text}
        spellCheck={false}
        autoComplete="off"
        placeholder={exampleOf(columns)}
        aria-invalid={error !== null}
        aria-describedby={`${id}-help`}
        onChange={event => setText(event.target.value)}
      />
      <Button type="submit" className="jp-mod-styled jp-mod-accept">
        {trans.__('Filter')}
      </Button>
      {model.wish.where !== '' && (
        <Button type="button" className="jp-mod-styled jp-mod-reject" onClick={clear}>
          {trans.__('Clear')}
        </Button>
      )}
      <p id={`${id}-help`} className="twinstore-Filter-help" role={error === null ? undefined : 'alert'}>
        {error !== null ? (
          `${error.message} ${error.remedy}`
        ) : (
          <>
            {trans.__('For example')} <Code text={exampleOf(columns)} />
            {trans.__(', or')} <Code text={nullExample(columns)} />
          </>
        )}
      </p>
    </form>
  );
}

/** A condition that this table understands. */
function exampleOf(columns: readonly ITableColumn[]): string {
  const number = columns.find(({ type }) => /int|double|float|decimal/.test(type));
  const text = columns.find(({ type }) => type === 'string');
  const parts = [number && `${quoted(number.name)} > 1`, text && `${quoted(text.name)} = 'x'`].filter(Boolean);
  return parts.join(' and ') || nullExample(columns);
}

function nullExample([first]: readonly ITableColumn[]): string {
  return `${quoted(first?.name ?? 'c')} is null`;
}

function quoted(name: string): string {
  return /^[A-Za-z_]\w*$/.test(name) ? name : `\`${name.replaceAll('`', '``')}\``;
}

function closeOnEscape({ key, currentTarget }: KeyboardEvent<HTMLDetailsElement>): void {
  if (key === 'Escape' && currentTarget.open) {
    currentTarget.open = false;
    currentTarget.querySelector('summary')?.focus();
  }
}

function ColumnPicker({ model, trans, columns }: IPartProps): ReactElement {
  const chosen = model.wish.columns ?? columns.map(({ name }) => name);
  const choose = (names: readonly string[]): void => {
    const inOrder = columns.map(({ name }) => name).filter(name => names.includes(name));
    void model.ask({ columns: inOrder.length === columns.length ? null : inOrder });
  };
  return (
    <details className="twinstore-ColumnPicker" onKeyDown={closeOnEscape}>
      <summary>{trans.__('Columns: %1 of %2', chosen.length, columns.length)}</summary>
      <div className="twinstore-ColumnPicker-list">
        <Button className="jp-mod-styled jp-mod-reject" onClick={() => choose(columns.map(({ name }) => name))}>
          {trans.__('All')}
        </Button>
        {columns.map(({ name, type }) => {
          const isChosen = chosen.includes(name);
          return (
            <label key={name}>
              <input
                type="checkbox"
                checked={isChosen}
                // Rows without any column are no rows.
                disabled={isChosen && chosen.length === 1}
                onChange={() => choose(isChosen ? chosen.filter(other => other !== name) : [...chosen, name])}
              />{' '}
              {name} <span className="twinstore-Hint">{type}</span>
            </label>
          );
        })}
      </div>
    </details>
  );
}
