import type { TranslationBundle } from '@jupyterlab/translation';
import type { Message } from '@lumino/messaging';
import { Signal } from '@lumino/signaling';
import * as React from 'react';

import type { Sidebar } from '../model/sidebar';
import { SidebarRenderer } from '../renderer';
import type { IShownClock } from './elapsed';
import type { IOrder, OrderKey } from './order';
import { LATEST_FIRST, readOrder, reorder } from './order';
import { Cells } from './table';

const ORDER_ID = 'jupyter-memkit:cells';

/**
 * The section of the panel with the cells.
 *
 * It renders nothing while it is hidden or collapsed.
 */
export class CellsSection extends SidebarRenderer {
  constructor(options: CellsSection.IOptions) {
    super(options.sidebar);
    this._options = options;
    const { sidebar, state, trans } = options;
    this.id = 'jupyter-memkit-cells';
    this.addClass('jp-Memkit-cellsSection');
    this.title.label = trans.__('Cells');
    this._clock = {
      ticked: this._ticked,
      get nowS() {
        return sidebar.model?.nowS ?? 0;
      }
    };
    sidebar.ticked.connect(this._onTicked, this);
    state
      ?.fetch(ORDER_ID)
      .then(stored => {
        this._order = readOrder(stored) ?? this._order;
        this.update();
      })
      .catch((reason: unknown) => {
        console.warn('jupyter_memkit: the order of cells is not known', reason);
      });
  }

  protected override onAfterShow(message: Message): void {
    super.onAfterShow(message);
    this._onTicked();
  }

  protected override render(): React.JSX.Element | null {
    const { sidebar, onOpen, trans } = this._options;
    const { model } = sidebar;
    return (
      model && (
        <Cells
          isKernelKnown={sidebar.isKernelKnown}
          cells={model.cells}
          running={model.running}
          earlier={model.earlier}
          ended={model.present?.cellsEnded ?? 0}
          clock={this._clock}
          order={this._order}
          onSort={this._sort}
          onOpen={onOpen}
          trans={trans}
        />
      )
    );
  }

  private _onTicked(): void {
    if (this.isVisible) {
      this._ticked.emit();
    }
  }

  private readonly _sort = (key: OrderKey): void => {
    this._order = reorder(this._order, key);
    this.update();
    this._options.state
      ?.save(ORDER_ID, { ...this._order })
      .catch((reason: unknown) => {
        console.warn('jupyter_memkit: the order of cells is not kept', reason);
      });
  };

  private readonly _options: CellsSection.IOptions;
  private readonly _ticked = new Signal<this, void>(this);
  private readonly _clock: IShownClock;
  private _order: IOrder = LATEST_FIRST;
}

export namespace CellsSection {
  export interface IOptions {
    sidebar: Sidebar;
    /** Show a cell in its notebook. */
    onOpen: (cellId: string) => void;
    trans: TranslationBundle;
    /** Keeps the order for the next session. */
    state?: IState | null;
  }

  /**
   * The part of `IStateDB` that is used.
   */
  export interface IState {
    fetch: (id: string) => Promise<unknown>;
    save: (
      id: string,
      value: Record<string, boolean | string>
    ) => Promise<unknown>;
  }
}
