import type { TranslationBundle } from '@jupyterlab/translation';
import { refreshIcon, SidePanel, ToolbarButton } from '@jupyterlab/ui-components';
import type { IDisposable } from '@lumino/disposable';
import { DisposableDelegate } from '@lumino/disposable';
import { MessageLoop } from '@lumino/messaging';
import type { ISignal } from '@lumino/signaling';
import { Signal } from '@lumino/signaling';
import type { PanelLayout } from '@lumino/widgets';
import { Widget } from '@lumino/widgets';
import type { ISidebarSection, ITwinstoreSidebar } from '../../tokens';
import { twinsIcon } from '../icons';

/** The sidebar: a toolbar, sections of an accordion, and a foot. */
export class TwinstoreSidebar extends SidePanel implements ITwinstoreSidebar {
  constructor(options: TwinstoreSidebar.IOptions) {
    super();
    const { trans } = options;
    this._activate = options.activate;
    this.id = 'jupyterlab-twinstore-sidebar';
    this.addClass('twinstore-Sidebar');
    this.title.icon = twinsIcon;
    this.title.caption = trans.__('Twinstore: feature groups and their twins');
    this.title.dataset = { ...this.title.dataset, jpTabLabel: trans.__('Twinstore') };
    this.node.tabIndex = -1;
    this.node.setAttribute('role', 'region');
    this.node.setAttribute('aria-label', trans.__('Twinstore'));
    this.content.node.setAttribute('aria-label', trans.__('Twinstore sections'));
    this.toolbar.node.setAttribute('aria-label', trans.__('Twinstore toolbar'));
    this.toolbar.addItem(
      'refresh',
      new ToolbarButton({
        icon: refreshIcon,
        tooltip: trans.__('Read everything anew'),
        onClick: () => this.refresh()
      })
    );
  }

  get refreshRequested(): ISignal<TwinstoreSidebar, void> {
    return this._refreshRequested;
  }

  addSection(section: ISidebarSection): IDisposable {
    const { widget } = section;
    widget.title.label = section.title;
    widget.node.setAttribute('role', 'region');
    widget.node.setAttribute('aria-label', section.title);
    const after = this._sections.findIndex(other => other.rank > section.rank);
    const index = after < 0 ? this._sections.length : after;
    this._sections.splice(index, 0, section);
    this.insertWidget(index, widget);
    return new DisposableDelegate(() => {
      this._sections = this._sections.filter(other => other !== section);
      widget.parent = null;
    });
  }

  setFoot(widget: Widget): void {
    widget.addClass('twinstore-Sidebar-foot');
    this._panelLayout.addWidget(widget);
    // The accordion places its sections itself, so it must hear when the foot takes or leaves it room.
    this._footSize = new ResizeObserver(() => MessageLoop.postMessage(this.content, Widget.ResizeMessage.UnknownSize));
    this._footSize.observe(widget.node);
  }

  setCover(widget: Widget | null): void {
    if (widget === this._cover) {
      return;
    }
    if (this._cover) {
      this._cover.parent = null;
    }
    this._cover = widget;
    this.content.setHidden(widget !== null);
    if (widget) {
      widget.addClass('twinstore-Sidebar-cover');
      this._panelLayout.insertWidget(this._panelLayout.widgets.indexOf(this.content), widget);
    }
  }

  /** Ask everything in the sidebar to read anew. */
  refresh(): void {
    this._refreshRequested.emit();
  }

  reveal(): void {
    this._activate(this.id);
  }

  /** Bring it to the front and the focus into it. */
  focus(): void {
    this.reveal();
    this.node.focus();
  }

  override dispose(): void {
    this._footSize?.disconnect();
    super.dispose();
  }

  private get _panelLayout(): PanelLayout {
    return this.layout as PanelLayout;
  }

  private readonly _activate: (id: string) => void;
  private _sections: ISidebarSection[] = [];
  private _footSize: ResizeObserver | null = null;
  private _cover: Widget | null = null;
  private readonly _refreshRequested = new Signal<this, void>(this);
}

export namespace TwinstoreSidebar {
  export interface IOptions {
    trans: TranslationBundle;
    /** Brings the widget of an id to the front. */
    activate: (id: string) => void;
  }
}
