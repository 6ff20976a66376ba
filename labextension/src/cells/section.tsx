import type { TranslationBundle } from '@jupyterlab/translation';
import { VDomRenderer } from '@jupyterlab/ui-components';
import * as React from 'react';

import type { Sidebar } from '../model/sidebar';
import { Cells } from './table';

/**
 * The section of the panel with the cells.
 */
export class CellsSection extends VDomRenderer<Sidebar> {
  constructor(options: CellsSection.IOptions) {
    super(options.sidebar);
    this._options = options;
    this.id = 'jupyter-memkit-cells';
    this.title.label = options.trans.__('Cells');
  }

  protected override render(): React.JSX.Element | null {
    const { sidebar, onOpen, trans } = this._options;
    const { model } = sidebar;
    return (
      model && (
        <Cells
          cells={model.cells}
          running={model.running}
          nowS={model.nowS}
          onOpen={onOpen}
          trans={trans}
        />
      )
    );
  }

  private readonly _options: CellsSection.IOptions;
}

export namespace CellsSection {
  export interface IOptions {
    sidebar: Sidebar;
    /** Show a cell in its notebook. */
    onOpen: (cellId: string) => void;
    trans: TranslationBundle;
  }
}
