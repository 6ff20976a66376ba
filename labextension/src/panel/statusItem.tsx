import type { TranslationBundle } from '@jupyterlab/translation';
import * as React from 'react';

import type { Sidebar } from '../model/sidebar';
import { SidebarRenderer } from '../renderer';
import { formatBytes } from '../text/format';
import { describeLimit } from '../text/limits';
import { Gauge } from './gauge';

/**
 * The gauge in the status bar; a click opens the panel.
 */
export class StatusItem extends SidebarRenderer {
  constructor(options: StatusItem.IOptions) {
    super(options.sidebar);
    this._options = options;
    this.addClass('jp-Memkit-status');
  }

  protected override render(): React.JSX.Element | null {
    const { sidebar, onOpen, trans } = this._options;
    const { model } = sidebar;
    const reading = model?.reading ?? null;
    if (model === null || reading === null) {
      return null;
    }
    const { rssBytes, childrenBytes, gauge } = reading;
    const used = formatBytes(rssBytes + childrenBytes);
    return (
      <button
        type="button"
        title={
          gauge
            ? trans.__(
                'Memory of %1: %2; %3 of %4 in use (%5)',
                sidebar.name,
                used,
                formatBytes(gauge.usedBytes),
                formatBytes(gauge.limitBytes),
                describeLimit(gauge, trans)
              )
            : trans.__('Memory of %1: %2', sidebar.name, used)
        }
        data-testid="memkit-status-item"
        onClick={onOpen}
      >
        <span>{used}</span>
        {gauge && (
          <Gauge
            gauge={gauge}
            rssBytes={rssBytes}
            childrenBytes={childrenBytes}
            highestBytes={model.present?.highest?.bytes ?? null}
            isStale={model.staleSinceS !== null}
            trans={trans}
          />
        )}
      </button>
    );
  }

  private readonly _options: StatusItem.IOptions;
}

export namespace StatusItem {
  export interface IOptions {
    sidebar: Sidebar;
    onOpen: () => void;
    trans: TranslationBundle;
  }
}
