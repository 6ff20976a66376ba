import type { TranslationBundle } from '@jupyterlab/translation';
import { VDomRenderer, closeIcon } from '@jupyterlab/ui-components';
import type { Message } from '@lumino/messaging';
import * as React from 'react';

import type { IKernelRow, Kernels } from '../model/kernels';
import { kernelsIcon } from './icon';
import { KernelList } from './list';
import { keepOrder } from './order';
import type { KernelRow } from './row';
import { IconButton } from './row';

/**
 * The panel with all kernels of the server.
 *
 * It renders nothing while it is hidden, and so the server is not asked.
 */
export class KernelsPanel extends VDomRenderer<Kernels> {
  constructor(options: KernelsPanel.IOptions) {
    super(options.kernels);
    this._options = options;
    const { trans } = options;
    this.id = KernelsPanel.ID;
    this.addClass('jp-Memkit');
    this.addClass('jp-Memkit-kernelsPanel');
    this.title.icon = kernelsIcon;
    this.title.caption = trans.__('Memory of All Kernels');
    this.node.setAttribute('role', 'region');
    this.node.setAttribute('aria-label', this.title.caption);
  }

  protected override onUpdateRequest(message: Message): void {
    if (this.isVisible) {
      super.onUpdateRequest(message);
    }
  }

  protected override onAfterShow(message: Message): void {
    super.onAfterShow(message);
    this.update();
  }

  protected override render(): React.JSX.Element {
    const { kernels, onAction, trans } = this._options;
    kernels.keepFresh();
    const isInUse = this.node.matches(':hover, :focus-within');
    const rows =
      kernels.rows &&
      (isInUse ? keepOrder(kernels.rows, this._shownIds) : kernels.rows);
    this._shownIds = rows?.map(({ kernelId }) => kernelId) ?? [];
    return (
      <>
        <div className="jp-Memkit-header">
          <h2>{this.title.caption}</h2>
          <IconButton
            icon={closeIcon}
            title={trans.__('Close')}
            onClick={() => {
              this.dispose();
            }}
          />
        </div>
        <KernelList
          rows={rows}
          isFailing={kernels.isFailing}
          onAction={onAction}
          trans={trans}
        />
      </>
    );
  }

  private readonly _options: KernelsPanel.IOptions;
  private _shownIds: readonly string[] = [];
}

export namespace KernelsPanel {
  export const ID = 'jupyter-memkit-kernels';

  export interface IOptions {
    kernels: Kernels;
    onAction: (action: KernelRow.Action, row: IKernelRow) => void;
    trans: TranslationBundle;
  }
}
