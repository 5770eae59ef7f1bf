import type { TranslationBundle } from '@jupyterlab/translation';
import type { IGroupContext } from '../../tokens';
import { twinsIcon } from '../icons';
import { TabbedPanel } from '../tabbed_panel';
import { GroupHeader } from './header';
import type { GroupModel } from './model';

/** The view of one feature group. Owns its model. */
export class GroupPanel extends TabbedPanel<IGroupContext> {
  constructor(
    private readonly _model: GroupModel,
    trans: TranslationBundle
  ) {
    super({
      id: `jupyterlab-twinstore-group-${_model.name}`,
      label: _model.name,
      caption: trans.__('Feature group %1', _model.name),
      icon: twinsIcon,
      tabsLabel: trans.__('About %1', _model.name),
      header: new GroupHeader(_model, trans),
      subject: _model
    });
    this.addClass('twinstore-GroupView');
  }

  /** Name of the group. */
  get group(): string {
    return this._model.name;
  }
}
