import type { TranslationBundle } from '@jupyterlab/translation';
import { Button, VDomRenderer } from '@jupyterlab/ui-components';
import { Debouncer } from '@lumino/polling';
import type { FormEvent, ReactElement } from 'react';
import { useEffect, useId, useMemo, useState } from 'react';
import { Code, PolledView } from '../components';
import type { TablesModel } from './model';
import { Tree } from './tree';

/** Time without a key after which a path is completed, in ms. */
const TYPED_MS = 250;

/** The Tables section of the sidebar. */
export class TablesSection extends VDomRenderer<TablesModel> {
  constructor(
    model: TablesModel,
    private readonly _onOpen: (location: string) => void,
    private readonly _trans: TranslationBundle
  ) {
    super(model);
    this.addClass('twinstore-Tables');
  }

  protected render(): ReactElement {
    const trans = this._trans;
    const { model } = this;
    return (
      <>
        <PathBox model={model} trans={trans} onOpen={this._onOpen} />
        <PolledView model={model} reading={trans.__('Listing the roots …')} trans={trans}>
          {({ entries }) =>
            entries.length === 0 ? (
              <p className="twinstore-Hint">
                {trans.__('No roots are configured. Name them in twinstore.toml:')} <Code text={ROOTS} />
              </p>
            ) : (
              <Tree model={model} trans={trans} onOpen={this._onOpen} />
            )
          }
        </PolledView>
      </>
    );
  }
}

/** As it stands in the settings. */
const ROOTS = 'roots = [{ location = "s3a://features" }]';

interface IPathBoxProps {
  model: TablesModel;
  trans: TranslationBundle;
  onOpen: (location: string) => void;
}

/** Opens the table of any address; offers what lies in the folder that is being typed. */
function PathBox({ model, trans, onOpen }: IPathBoxProps): ReactElement {
  const [text, setText] = useState('');
  const id = useId();
  const completion = useMemo(() => new Debouncer((typed: string) => model.complete(typed), TYPED_MS), [model]);
  useEffect(() => () => completion.dispose(), [completion]);
  const onChange = (typed: string): void => {
    setText(typed);
    // It is given up when the section goes.
    completion.invoke(typed).catch(() => undefined);
  };
  const onSubmit = (event: FormEvent): void => {
    event.preventDefault();
    if (text.trim() !== '') {
      onOpen(text.trim());
      setText('');
    }
  };
  return (
    <form className="twinstore-PathBox" onSubmit={onSubmit}>
      <input
        className="jp-mod-styled"
        list={id}
        value={text}
        placeholder={trans.__('s3a://… or /path')}
        aria-label={trans.__('Path of a Delta table')}
        autoComplete="off"
        spellCheck={false}
        onChange={event => onChange(event.target.value)}
      />
      <datalist id={id}>
        {model.known.map(({ location }) => (
          <option key={location} value={location} />
        ))}
      </datalist>
      <Button type="submit" className="jp-mod-styled jp-mod-accept">
        {trans.__('Open')}
      </Button>
    </form>
  );
}
