import type { INotebookTracker, NotebookPanel } from '@jupyterlab/notebook';
import type { TranslationBundle } from '@jupyterlab/translation';
import type { IDisposable } from '@lumino/disposable';

import type { ISessionWidget } from '../follow';
import type { Sidebar } from '../model/sidebar';
import { NotebookBadges } from './notebook';

/**
 * The badges of all open notebooks.
 *
 * They show what the sidebar knows, and request nothing themselves.
 */
export class Badges implements IDisposable {
  constructor(options: Badges.IOptions) {
    this._options = options;
    const { notebooks, sidebar } = options;
    notebooks.forEach(panel => {
      this._add(panel);
    });
    notebooks.widgetAdded.connect(this._onAdded, this);
    sidebar.stateChanged.connect(this._update, this);
    this._update();
  }

  get isDisposed(): boolean {
    return this._isDisposed;
  }

  dispose(): void {
    if (this._isDisposed) {
      return;
    }
    this._isDisposed = true;
    const { notebooks, sidebar } = this._options;
    notebooks.widgetAdded.disconnect(this._onAdded, this);
    sidebar.stateChanged.disconnect(this._update, this);
    for (const [panel, badges] of this._badges) {
      panel.disposed.disconnect(this._remove, this);
      badges.dispose();
    }
    this._badges.clear();
  }

  private _onAdded(_notebooks: INotebookTracker, panel: NotebookPanel): void {
    this._add(panel);
    this._update();
  }

  private _add(panel: NotebookPanel): void {
    this._badges.set(panel, new NotebookBadges(panel, this._options.trans));
    panel.disposed.connect(this._remove, this);
  }

  private _remove(panel: ISessionWidget): void {
    this._badges.get(panel)?.dispose();
    this._badges.delete(panel);
  }

  private _update(): void {
    const { model, follower } = this._options.sidebar;
    if (model && follower.widget) {
      this._badges.get(follower.widget)?.show(model.cells);
    }
  }

  private readonly _options: Badges.IOptions;
  private readonly _badges = new Map<ISessionWidget, NotebookBadges>();
  private _isDisposed = false;
}

export namespace Badges {
  export interface IOptions {
    notebooks: INotebookTracker;
    sidebar: Sidebar;
    trans: TranslationBundle;
  }
}
