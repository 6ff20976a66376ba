import { VDomRenderer } from '@jupyterlab/ui-components';
import type { Message } from '@lumino/messaging';

import type { Sidebar } from './model/sidebar';

/**
 * Renders a part of the sidebar, and nothing while that is hidden.
 */
export abstract class SidebarRenderer extends VDomRenderer<Sidebar> {
  protected override onUpdateRequest(message: Message): void {
    if (this.isVisible) {
      super.onUpdateRequest(message);
    }
  }

  protected override onAfterShow(message: Message): void {
    super.onAfterShow(message);
    this.update();
  }
}
