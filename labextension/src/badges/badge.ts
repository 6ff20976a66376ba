import type { CodeCell } from '@jupyterlab/cells';
import type { TranslationBundle } from '@jupyterlab/translation';
import type { IDisposable } from '@lumino/disposable';

import { keptOf, riseOf } from '../model/ledger';
import { formatChange } from '../text/format';
import type { ICell } from '../wire/protocol';

// Smaller changes are not shown.
const MIN_BYTES = 1024 * 1024;

/**
 * The memory of the last run of a cell, beside its code.
 *
 * It exists only in the page: it is stored neither in the cell's metadata nor in the
 * file.
 */
export class CellBadge implements IDisposable {
  constructor(options: CellBadge.IOptions) {
    this._cell = options.cell;
    this._trans = options.trans;
    this._record = options.record;
    this._node.className = 'jp-Memkit-badge';
    this._node.append(this._text);
    this._cell.model.stateChanged.connect(this._update, this);
    this._update();
    this._place().catch((reason: unknown) => {
      console.warn('jupyter_memkit: a cell has no badge', reason);
    });
  }

  get record(): ICell {
    return this._record;
  }
  set record(record: ICell) {
    if (record !== this._record) {
      this._record = record;
      this._update();
    }
  }

  get isDisposed(): boolean {
    return this._isDisposed;
  }

  dispose(): void {
    if (this._isDisposed) {
      return;
    }
    this._isDisposed = true;
    this._node.remove();
    // A cell that is disposed no longer has its model.
    if (!this._cell.isDisposed) {
      this._cell.model.stateChanged.disconnect(this._update, this);
    }
  }

  /**
   * Whether the record is of the run whose number the cell shows, and remarkable.
   */
  private get _isShown(): boolean {
    const { executionCount } = this._record;
    return (
      executionCount !== null &&
      executionCount === this._cell.model.executionCount &&
      (riseOf(this._record) >= MIN_BYTES ||
        Math.abs(keptOf(this._record)) >= MIN_BYTES)
    );
  }

  /**
   * Place the badge when the cell has been rendered, which may be never for a cell
   * that is far from what is visible.
   */
  private async _place(): Promise<void> {
    await this._cell.ready;
    if (this._isDisposed) {
      return;
    }
    // Not searched in the page, from which JupyterLab removes it out of view.
    for (const widget of this._cell.layout ?? []) {
      if (widget.hasClass('jp-Cell-inputWrapper')) {
        widget.node.append(this._node);
      }
    }
  }

  private _update(): void {
    const trans = this._trans;
    this._node.hidden = !this._isShown;
    if (this._node.hidden) {
      return;
    }
    const rise = formatChange(riseOf(this._record));
    const kept = formatChange(keptOf(this._record));
    this._text.textContent = this._record.exact
      ? trans.__('%1, kept %2', rise, kept)
      : trans.__('%1 sampled, kept %2', rise, kept);
    this._text.title = trans.__(
      'The last run of this cell: highest memory %1 above its start, %2 kept at its end',
      rise,
      kept
    );
  }

  private readonly _cell: CodeCell;
  private readonly _trans: TranslationBundle;
  private readonly _node = document.createElement('div');
  private readonly _text = document.createElement('span');
  private _record: ICell;
  private _isDisposed = false;
}

export namespace CellBadge {
  export interface IOptions {
    cell: CodeCell;
    record: ICell;
    trans: TranslationBundle;
  }
}
