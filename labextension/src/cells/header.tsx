import * as React from 'react';

import type { IOrder } from './order';

/**
 * The names of the columns of a table, which sort by them.
 */
export function Header<Key extends string>(
  props: Header.IProps<Key>
): React.JSX.Element {
  const { columns, order, onSort, children } = props;
  return (
    <thead role="rowgroup">
      <tr role="row">
        {columns.map(({ key, label, title }) => (
          <th
            key={key}
            role="columnheader"
            scope="col"
            aria-sort={sortOf(order, key)}
          >
            <button
              type="button"
              title={title}
              data-sort={key}
              onClick={() => {
                onSort(key);
              }}
            >
              {label}
            </button>
          </th>
        ))}
        {children}
      </tr>
    </thead>
  );
}

export namespace Header {
  export interface IColumn<Key extends string> {
    key: Key;
    label: string;
    title: string;
  }

  export interface IProps<Key extends string> {
    columns: readonly IColumn<Key>[];
    order: IOrder<Key>;
    onSort: (key: Key) => void;
    /** Further columns, which do not sort. */
    children?: React.ReactNode;
  }
}

function sortOf<Key extends string>(
  order: IOrder<Key>,
  key: Key
): React.AriaAttributes['aria-sort'] {
  if (order.key !== key) {
    return 'none';
  }
  return order.isAscending ? 'ascending' : 'descending';
}
