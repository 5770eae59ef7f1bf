import type { JupyterFrontEnd } from '@jupyterlab/application';
import { TabBarSvg } from '@jupyterlab/ui-components';
import type { LabIcon } from '@jupyterlab/ui-components';
import type { IDisposable } from '@lumino/disposable';
import type { Message } from '@lumino/messaging';
import type { TabBar, Widget } from '@lumino/widgets';
import { Panel } from '@lumino/widgets';
import { readWhileShown } from './when_shown';

/** A tab of a view, about some subject. */
export interface ITab<T> {
  id: string;
  title: string;
  /** Tabs are shown in ascending rank. */
  rank: number;
  /** Make the tab's content. The view owns and disposes it. */
  create(subject: T): Widget;
}

/**
 * A view of the main area: a header above tabs. Owns the model that the tabs are about, which reads while it is seen.
 *
 * #### Notes
 * All of it lies in one scrolling flow, so that nothing is squeezed out of sight in a low window or at 200 % zoom.
 */
export class TabbedPanel<T> extends Panel {
  constructor(options: TabbedPanel.IOptions<T>) {
    super();
    this._subject = options.subject;
    this.id = options.id;
    this.addClass('twinstore-View');
    this.title.label = options.label;
    this.title.caption = options.caption;
    this.title.icon = options.icon;
    this.title.closable = true;
    this.node.tabIndex = -1;

    this._tabBar = new TabBarSvg<Widget>({ tabsMovable: false });
    this._tabBar.addClass('twinstore-Tabs');
    this._tabBar.contentNode.setAttribute('aria-label', options.tabsLabel);
    this._tabBar.currentChanged.connect((_, { previousTitle, currentTitle }) => {
      previousTitle?.owner.hide();
      currentTitle?.owner.show();
    });
    readWhileShown(this, options.subject);
    this.addWidget(options.header);
    this.addWidget(this._tabBar);
  }

  /** Bring it to the front of the main area. @param type What the user is told that it is. */
  showIn(shell: JupyterFrontEnd.IShell, type: string): void {
    if (!this.isAttached) {
      shell.add(this, 'main', { type });
    }
    shell.activateById(this.id);
  }

  addTab(tab: ITab<T>): void {
    const widget = tab.create(this._subject);
    widget.addClass('twinstore-Tab');
    widget.title.label = tab.title;
    widget.node.setAttribute('role', 'tabpanel');
    widget.node.setAttribute('aria-label', tab.title);
    widget.hide();
    this.addWidget(widget);
    const after = this._tabs.findIndex(other => other.rank > tab.rank);
    const index = after < 0 ? this._tabs.length : after;
    this._tabs.splice(index, 0, tab);
    this._widgets.set(tab, widget);
    this._tabBar.insertTab(index, widget.title);
    if (index === 0) {
      this._tabBar.currentIndex = 0;
    }
  }

  removeTab(tab: ITab<T>): void {
    const widget = this._widgets.get(tab);
    if (widget) {
      this._tabs = this._tabs.filter(other => other !== tab);
      this._tabBar.removeTab(widget.title);
      this._widgets.delete(tab);
      widget.dispose();
    }
  }

  /** Bring the tab of an id to the front. */
  showTab(id: string): void {
    this._tabBar.currentIndex = this._tabs.findIndex(tab => tab.id === id);
  }

  /** Read anew. */
  refresh(): void {
    void this._subject.refresh();
  }

  override dispose(): void {
    if (this.isDisposed) {
      return;
    }
    super.dispose();
    this._subject.dispose();
  }

  protected override onActivateRequest(msg: Message): void {
    super.onActivateRequest(msg);
    this.node.focus();
  }

  private readonly _subject: T & TabbedPanel.IModel;
  private readonly _tabBar: TabBar<Widget>;
  private readonly _widgets = new Map<ITab<T>, Widget>();
  private _tabs: ITab<T>[] = [];
}

export namespace TabbedPanel {
  export interface IModel extends IDisposable {
    refresh(): Promise<void>;
    setSeen(isSeen: boolean): void;
  }

  export interface IOptions<T> {
    id: string;
    label: string;
    caption: string;
    icon: LabIcon;
    /** What the list of tabs is called. */
    tabsLabel: string;
    header: Widget;
    /** What the tabs are about. */
    subject: T & IModel;
  }
}
