import type { TranslationBundle } from '@jupyterlab/translation';
import { ReactWidget } from '@jupyterlab/ui-components';
import type { ISignal } from '@lumino/signaling';
import { Signal } from '@lumino/signaling';
import type { ReactElement } from 'react';
import type { IGroupsModel, IHealthModel } from '../../tokens';
import { Glyph } from '../components';

/** The group that needs attention most, in the status bar. Hidden while no group is known. */
export class StatusItem extends ReactWidget {
  constructor(options: StatusItem.IOptions) {
    super();
    this._options = options;
    this.addClass('twinstore-StatusItem');
    options.groups.stateChanged.connect(this._onChange, this);
    options.health.phaseChanged.connect(this._onChange, this);
  }

  get isActive(): boolean {
    return this._options.groups.worst !== null;
  }

  get activeChanged(): ISignal<this, void> {
    return this._activeChanged;
  }

  override dispose(): void {
    Signal.clearData(this);
    super.dispose();
  }

  protected render(): ReactElement | null {
    const { groups, trans, onClick } = this._options;
    const { worst } = groups;
    if (worst === null) {
      return null;
    }
    const stale = this._isStale;
    const title = stale
      ? trans.__('Twinstore: %1 was %2 when last read', worst.name, worst.words)
      : trans.__('Twinstore: %1 is %2', worst.name, worst.words);
    return (
      <button type="button" className={stale ? 'twinstore-mod-stale' : undefined} title={title} onClick={onClick}>
        {worst.name} <Glyph of={worst.state} /> {worst.words}
      </button>
    );
  }

  private get _isStale(): boolean {
    const { groups, health } = this._options;
    return groups.error !== null || health.phase !== 'ready';
  }

  private _onChange(): void {
    const { worst } = this._options.groups;
    const shown = worst === null ? '' : [worst.name, worst.state, worst.words, this._isStale].join(' ');
    if (shown === this._shown) {
      return;
    }
    const toggled = (shown === '') !== (this._shown === '');
    this._shown = shown;
    this.update();
    if (toggled) {
      this._activeChanged.emit();
    }
  }

  private readonly _options: StatusItem.IOptions;
  private readonly _activeChanged = new Signal<this, void>(this);
  private _shown = '';
}

export namespace StatusItem {
  export interface IOptions {
    groups: IGroupsModel;
    health: IHealthModel;
    trans: TranslationBundle;
    onClick: () => void;
  }
}
