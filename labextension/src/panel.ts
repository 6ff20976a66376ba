import type { TranslationBundle } from '@jupyterlab/translation';
import type { Message } from '@lumino/messaging';
import { Panel } from '@lumino/widgets';

import { memoryIcon } from './icon';
import type { Sidebar } from './sidebar';
import { MemoryView } from './view';

/**
 * The panel in the side area; the sidebar is active while it is visible.
 */
export class MemoryPanel extends Panel {
  constructor(options: MemoryView.IOptions) {
    super();
    this._sidebar = options.sidebar;
    this.id = 'jupyter-memkit';
    this.addClass('jp-Memkit');
    this.title.icon = memoryIcon;
    this.title.caption = captionOf(options.trans);
    this.node.setAttribute('role', 'region');
    this.node.setAttribute('aria-label', captionOf(options.trans));
    this.addWidget(new MemoryView(options));
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

function captionOf(trans: TranslationBundle): string {
  return trans.__('Memory');
}
