import type { ITranslator } from '@jupyterlab/translation';
import { SidePanel } from '@jupyterlab/ui-components';
import type { Message } from '@lumino/messaging';

import { CellsSection } from '../cells/section';
import { TimelineSection } from '../chart/section';
import type { Sidebar } from '../model/sidebar';
import { memoryIcon } from './icon';
import { Top } from './top';

/**
 * The panel in the side area; the sidebar is active while it is visible.
 */
export class MemoryPanel extends SidePanel {
  constructor(options: MemoryPanel.IOptions) {
    super({ translator: options.translator });
    const trans = options.translator.load('jupyter-memkit');
    this._sidebar = options.sidebar;
    this.id = 'jupyter-memkit';
    this.addClass('jp-Memkit');
    this.title.icon = memoryIcon;
    this.title.caption = trans.__('Memory');
    this.node.setAttribute('role', 'region');
    this.node.setAttribute('aria-label', this.title.caption);
    this.header.addWidget(new Top({ ...options, trans }));
    this.addWidget(new TimelineSection({ ...options, trans }));
    this.addWidget(new CellsSection({ ...options, trans }));
  }

  protected override onAfterShow(message: Message): void {
    super.onAfterShow(message);
    this._sidebar.isActive = true;
  }

  protected override onAfterAttach(message: Message): void {
    super.onAfterAttach(message);
    this._sidebar.isActive = this.isVisible;
  }

  protected override onBeforeHide(message: Message): void {
    super.onBeforeHide(message);
    this._sidebar.isActive = false;
  }

  protected override onBeforeDetach(message: Message): void {
    super.onBeforeDetach(message);
    this._sidebar.isActive = false;
  }

  private readonly _sidebar: Sidebar;
}

export namespace MemoryPanel {
  export interface IOptions extends Omit<Top.IOptions, 'trans'> {
    translator: ITranslator;
  }
}
