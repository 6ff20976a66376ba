import type { TranslationBundle } from '@jupyterlab/translation';
import * as React from 'react';

import type { Inspection } from '../model/inspection';
import type { Sidebar } from '../model/sidebar';
import type { IListedLibrary } from '../wire/protocol';
import type { LibraryOrder, LibraryOrderKey } from './libraryTable';
import { LibraryTable } from './libraryTable';
import { LookupSection } from './lookupSection';
import { toggleName } from './parts';
import { LARGEST_FIRST, reorderRows } from './variableOrder';

/**
 * The section of the panel with the loaded libraries.
 */
export class LibrariesSection extends LookupSection {
  constructor(options: LibrariesSection.IOptions) {
    super(options.sidebar, 'libraries', options.trans);
    this._options = options;
    this.id = 'jupyter-memkit-libraries';
    this.title.label = options.trans.__('Libraries');
  }

  protected override undo(): null {
    return null;
  }

  protected override renderControls(): null {
    return null;
  }

  protected override renderAnswer({
    libraries
  }: Inspection): React.JSX.Element | null {
    const { sidebar, onUnload, trans } = this._options;
    const { answer: list, isAwaited } = libraries;
    const isBusy = sidebar.model?.isBusy ?? false;
    return (
      list && (
        <LibraryTable
          list={list}
          order={this._order}
          expanded={this._expanded}
          isBusy={isBusy}
          isOutdated={isAwaited && !isBusy}
          onSort={this._sort}
          onToggle={this._toggle}
          onUnload={onUnload}
          trans={trans}
        />
      )
    );
  }

  private readonly _sort = (key: LibraryOrderKey): void => {
    this._order = reorderRows(this._order, key);
    this.update();
  };

  private readonly _toggle = (name: string): void => {
    this._expanded = toggleName(this._expanded, name);
    this.update();
  };

  private readonly _options: LibrariesSection.IOptions;
  private _order: LibraryOrder = LARGEST_FIRST;
  private _expanded: ReadonlySet<string> = new Set();
}

export namespace LibrariesSection {
  export interface IOptions {
    sidebar: Sidebar;
    /** Unload a library. */
    onUnload: (library: IListedLibrary) => void;
    trans: TranslationBundle;
  }
}
