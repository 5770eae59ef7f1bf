import { WidgetTracker } from '@jupyterlab/apputils';
import type { TranslationBundle } from '@jupyterlab/translation';
import type { IDisposable } from '@lumino/disposable';
import { DisposableDelegate } from '@lumino/disposable';
import type { IGroupTab, IGroupView } from '../../tokens';
import type { GroupModel } from './model';
import { GroupPanel } from './view';

/** Opens one view per group, and gives each the tabs that others have added. */
export class GroupView implements IGroupView {
  constructor(options: GroupView.IOptions) {
    this._options = options;
  }

  readonly tracker = new WidgetTracker<GroupPanel>({ namespace: 'twinstore-group' });

  get current(): string | null {
    return this.tracker.currentWidget?.group ?? null;
  }

  addTab(tab: IGroupTab): IDisposable {
    this._tabs.push(tab);
    this.tracker.forEach(panel => panel.addTab(tab));
    return new DisposableDelegate(() => {
      this._tabs = this._tabs.filter(other => other !== tab);
      this.tracker.forEach(panel => panel.removeTab(tab));
    });
  }

  open(group: string): void {
    let panel = this.tracker.find(other => other.group === group);
    if (!panel) {
      panel = new GroupPanel(this._options.createModel(group), this._options.trans);
      this._tabs.forEach(tab => panel?.addTab(tab));
      void this.tracker.add(panel);
    }
    this._options.show(panel);
  }

  /** Read every open group anew. */
  refresh(): void {
    this.tracker.forEach(panel => panel.refresh());
  }

  private readonly _options: GroupView.IOptions;
  private _tabs: IGroupTab[] = [];
}

export namespace GroupView {
  export interface IOptions {
    createModel: (group: string) => GroupModel;
    /** Adds a panel to the main area unless it is there, and activates it. */
    show: (panel: GroupPanel) => void;
    trans: TranslationBundle;
  }
}
