import type { ISettingRegistry } from '@jupyterlab/settingregistry';
import type { ISignal } from '@lumino/signaling';
import { Signal } from '@lumino/signaling';
import type { IAppearance } from '../../tokens';

/** What holds without a setting registry; the same as in `schema/appearance.json`. */
export const APPEARANCE_DEFAULTS = { refreshSeconds: 10, rowLimit: 100, notifications: true } as const;

/** Appearance settings, with defaults until (or unless) the user's are loaded. */
export class Appearance implements IAppearance {
  get refreshSeconds(): number {
    return this._numberOf('refreshSeconds');
  }

  get rowLimit(): number {
    return this._numberOf('rowLimit');
  }

  get notifications(): boolean {
    const value = this._settings?.composite['notifications'];
    return typeof value === 'boolean' ? value : APPEARANCE_DEFAULTS.notifications;
  }

  get changed(): ISignal<this, void> {
    return this._changed;
  }

  use(settings: ISettingRegistry.ISettings): void {
    this._settings = settings;
    settings.changed.connect(() => this._changed.emit(), this);
    this._changed.emit();
  }

  private _numberOf(name: 'refreshSeconds' | 'rowLimit'): number {
    const value = this._settings?.composite[name];
    return typeof value === 'number' ? value : APPEARANCE_DEFAULTS[name];
  }

  private _settings: ISettingRegistry.ISettings | null = null;
  private readonly _changed = new Signal<this, void>(this);
}
