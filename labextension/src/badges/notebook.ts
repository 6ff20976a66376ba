import type { ISessionContext } from '@jupyterlab/apputils';
import type { Cell, CodeCell } from '@jupyterlab/cells';
import type { Notebook, NotebookPanel } from '@jupyterlab/notebook';
import type { Kernel } from '@jupyterlab/services';
import type { TranslationBundle } from '@jupyterlab/translation';
import type { IDisposable } from '@lumino/disposable';

import type { ICell } from '../wire/protocol';
import { CellBadge } from './badge';

/**
 * The badges of one notebook.
 *
 * They stay while another notebook is in front, and go with the kernel's process.
 */
export class NotebookBadges implements IDisposable {
  constructor(panel: NotebookPanel, trans: TranslationBundle) {
    this._notebook = panel.content;
    this._sessionContext = panel.sessionContext;
    this._trans = trans;
    this._notebook.modelChanged.connect(this._onModelChanged, this);
    this._sessionContext.kernelChanged.connect(this._clear, this);
    this._sessionContext.statusChanged.connect(this._onStatus, this);
    this._onModelChanged();
  }

  get isDisposed(): boolean {
    return this._isDisposed;
  }

  /**
   * Show the records of the kernel's process, also beyond the last ones.
   */
  show(records: readonly ICell[]): void {
    // The same records again may be those of a process that has just ended.
    if (records === this._shown) {
      return;
    }
    this._shown = records;
    if (records.length === 0) {
      this._records.clear();
    }
    for (const record of records) {
      if (record.cellId !== null) {
        this._records.set(record.cellId, record);
      }
    }
    this._arrange();
  }

  dispose(): void {
    if (this._isDisposed) {
      return;
    }
    this._isDisposed = true;
    this._notebook.modelChanged.disconnect(this._onModelChanged, this);
    this._cells?.changed.disconnect(this._onCellsChanged, this);
    this._sessionContext.kernelChanged.disconnect(this._clear, this);
    this._sessionContext.statusChanged.disconnect(this._onStatus, this);
    this._clear();
  }

  private _onModelChanged(): void {
    this._cells?.changed.disconnect(this._onCellsChanged, this);
    this._cells = this._notebook.model?.cells ?? null;
    this._cells?.changed.connect(this._onCellsChanged, this);
    this._arrange();
  }

  /**
   * Arrange the badges once after any number of changes.
   */
  private _onCellsChanged(): void {
    if (!this._isDue) {
      this._isDue = true;
      queueMicrotask(() => {
        this._isDue = false;
        this._arrange();
      });
    }
  }

  private _onStatus(_context: ISessionContext, status: Kernel.Status): void {
    if (['restarting', 'autorestarting', 'dead'].includes(status)) {
      this._clear();
    }
  }

  private _clear(): void {
    this._records.clear();
    this._arrange();
  }

  private _arrange(): void {
    const left = new Map(this._badges);
    this._badges.clear();
    const widgets = this._records.size > 0 ? this._notebook.widgets : [];
    for (const cell of widgets) {
      const record = this._records.get(cell.model.id);
      if (record && isCode(cell)) {
        const badge =
          left.get(cell) ?? new CellBadge({ cell, record, trans: this._trans });
        badge.record = record;
        this._badges.set(cell, badge);
        left.delete(cell);
      }
    }
    for (const badge of left.values()) {
      badge.dispose();
    }
  }

  private readonly _notebook: Notebook;
  private readonly _sessionContext: ISessionContext;
  private readonly _trans: TranslationBundle;
  private readonly _records = new Map<string, ICell>();
  private readonly _badges = new Map<CodeCell, CellBadge>();
  private _cells: NonNullable<Notebook['model']>['cells'] | null = null;
  private _shown: readonly ICell[] | null = null;
  private _isDue = false;
  private _isDisposed = false;
}

function isCode(cell: Cell): cell is CodeCell {
  return cell.model.type === 'code';
}
