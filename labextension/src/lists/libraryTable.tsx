import type { TranslationBundle } from '@jupyterlab/translation';
import * as React from 'react';

import { Header } from '../cells/header';
import type { IOrder } from '../cells/order';
import { formatCount } from '../text/format';
import type { ILibraries, IListedLibrary } from '../wire/protocol';
import { LibraryRow } from './libraryRow';

/**
 * What libraries are sorted by.
 */
export type LibraryOrderKey = 'name' | 'size';

export type LibraryOrder = IOrder<LibraryOrderKey>;

/**
 * The loaded libraries, each with a button that unloads it.
 */
export const LibraryTable = React.memo(function LibraryTable(
  props: LibraryTable.IProps
): React.JSX.Element {
  const { list, order, expanded, onSort, ...row } = props;
  const { trans } = row;
  if (list.libraries.length === 0) {
    return (
      <p className="jp-Memkit-empty">
        {trans.__('Only the kernel’s own libraries are loaded.')}
      </p>
    );
  }
  return (
    <>
      <table
        className="jp-Memkit-table jp-Memkit-libraries"
        role="table"
        aria-label={trans.__('Libraries')}
        data-testid="memkit-libraries"
      >
        <Header columns={columnsOf(trans)} order={order} onSort={onSort}>
          <th role="columnheader" scope="col">
            <span className="jp-Memkit-hiddenText">{trans.__('Actions')}</span>
          </th>
        </Header>
        <tbody role="rowgroup">
          {sortLibraries(list.libraries, order).map(library => (
            <LibraryRow
              {...row}
              key={library.name}
              library={library}
              isExpanded={expanded.has(library.name)}
            />
          ))}
        </tbody>
      </table>
      {list.more > 0 && (
        <p className="jp-Memkit-empty">
          {trans._n(
            '%2 smaller library is not shown.',
            '%2 smaller libraries are not shown.',
            list.more,
            formatCount(list.more)
          )}
        </p>
      )}
      {!list.complete && (
        <p className="jp-Memkit-empty">
          {trans.__(
            'The time limit was reached, so sizes are too low, and some of what uses a library may be missing; %1 counts longer.',
            '%unload --list'
          )}
        </p>
      )}
    </>
  );
});

export namespace LibraryTable {
  export interface IProps extends Omit<
    LibraryRow.IProps,
    'library' | 'isExpanded'
  > {
    list: ILibraries;
    order: LibraryOrder;
    /** The rows whose reason is shown. */
    expanded: ReadonlySet<string>;
    onSort: (key: LibraryOrderKey) => void;
  }
}

function sortLibraries(
  libraries: readonly IListedLibrary[],
  { key, isAscending }: LibraryOrder
): IListedLibrary[] {
  const compare = {
    name: (a: IListedLibrary, b: IListedLibrary) =>
      a.name.localeCompare(b.name),
    size: (a: IListedLibrary, b: IListedLibrary) => a.bytes - b.bytes
  }[key];
  const sign = isAscending ? 1 : -1;
  return [...libraries].sort((a, b) => sign * compare(a, b));
}

function columnsOf(
  trans: TranslationBundle
): readonly Header.IColumn<LibraryOrderKey>[] {
  return [
    {
      key: 'name',
      label: trans.__('Library'),
      title: trans.__('Sort by name')
    },
    {
      key: 'size',
      label: trans.__('Size'),
      title: trans.__('Sort by the least that the modules take')
    }
  ];
}
