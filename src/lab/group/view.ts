import type { TranslationBundle } from '@jupyterlab/translation';
import { TabBarSvg } from '@jupyterlab/ui-components';
import type { Message } from '@lumino/messaging';
import type { TabBar, Widget } from '@lumino/widgets';
import { Panel } from '@lumino/widgets';
import type { IGroupTab } from '../../tokens';
import { twinsIcon } from '../icons';
import { GroupHeader } from './header';
import type { GroupModel } from './model';

/**
 * The view of one feature group: a header above tabs. Owns its model.
 *
 * #### Notes
 * All of it lies in one scrolling flow, so that nothing is squeezed out of sight in a low window or at 200 % zoom.
 */
export class GroupPanel extends Panel {
  constructor(model: GroupModel, trans: TranslationBundle) {
    super();
    this._model = model;
    this.id = `jupyterlab-twinstore-group-${model.name}`;
    this.addClass('twinstore-GroupView');
    this.title.label = model.name;
    this.title.caption = trans.__('Feature group %1', model.name);
    this.title.icon = twinsIcon;
    this.title.closable = true;
    this.node.tabIndex = -1;

    this._tabBar = new TabBarSvg<Widget>({ tabsMovable: false });
    this._tabBar.addClass('twinstore-Tabs');
    this._tabBar.contentNode.setAttribute('aria-label', trans.__('About %1', model.name));
    this._tabBar.currentChanged.connect((_, { previousTitle, currentTitle }) => {
      previousTitle?.owner.hide();
      currentTitle?.owner.show();
    });
    this.addWidget(new GroupHeader(model, trans));
    this.addWidget(this._tabBar);
  }

  /** Name of the group. */
  get group(): string {
    return this._model.name;
  }

  addTab(tab: IGroupTab): void {
    const widget = tab.create(this._model);
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

  removeTab(tab: IGroupTab): void {
    const widget = this._widgets.get(tab);
    if (widget) {
      this._tabs = this._tabs.filter(other => other !== tab);
      this._tabBar.removeTab(widget.title);
      this._widgets.delete(tab);
      widget.dispose();
    }
  }

  refresh(): void {
    void this._model.refresh();
  }

  override dispose(): void {
    if (this.isDisposed) {
      return;
    }
    super.dispose();
    this._model.dispose();
  }

  protected override onActivateRequest(msg: Message): void {
    super.onActivateRequest(msg);
    this.node.focus();
  }

  private readonly _model: GroupModel;
  private readonly _tabBar: TabBar<Widget>;
  private readonly _widgets = new Map<IGroupTab, Widget>();
  private _tabs: IGroupTab[] = [];
}
