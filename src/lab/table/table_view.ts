import { WidgetTracker } from '@jupyterlab/apputils';
import type { ITableView } from '../../tokens';
import { TablePanel } from './view';

/** Opens one view per table. */
export class TableView implements ITableView {
  constructor(private readonly _options: TableView.IOptions) {}

  readonly tracker = new WidgetTracker<TablePanel>({ namespace: 'twinstore-table' });

  get current(): { location: string; version: number | null } | null {
    return this.tracker.currentWidget;
  }

  open(address: string): void {
    const location = address.trim().replace(/(.)\/+$/, '$1');
    let panel = this.tracker.find(other => other.location === location);
    if (!panel) {
      panel = new TablePanel({
        ...this._options,
        location,
        onInsertCode: () => this._options.onInsertCode(location, panel?.version ?? null)
      });
      void this.tracker.add(panel);
    }
    this._options.show(panel);
  }

  /** Read every open table anew. */
  refresh(): void {
    this.tracker.forEach(panel => panel.refresh());
  }
}

export namespace TableView {
  export interface IOptions extends Omit<TablePanel.IOptions, 'location' | 'onInsertCode'> {
    onInsertCode: (location: string, version: number | null) => void;
    /** Adds a panel to the main area unless it is there, and activates it. */
    show: (panel: TablePanel) => void;
  }
}
