import type { TranslationBundle } from '@jupyterlab/translation';
import * as React from 'react';

import type { IOrder, OrderKey } from './order';

/**
 * The names of the columns, which sort by them.
 */
export const Header = React.memo(function Header(
  props: Header.IProps
): React.JSX.Element {
  const { order, onSort, trans } = props;
  const columns: readonly [OrderKey, string, string][] = [
    ['time', trans.__('Cell'), trans.__('Sort by the time of the run')],
    [
      'rise',
      trans.__('Rise'),
      trans.__('Sort by the highest memory above the start of the cell')
    ],
    [
      'kept',
      trans.__('Kept'),
      trans.__('Sort by the memory at the end minus the memory at the start')
    ],
    ['duration', trans.__('Time'), trans.__('Sort by the duration')]
  ];
  return (
    <thead role="rowgroup">
      <tr role="row">
        {columns.map(([key, label, title]) => (
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
      </tr>
    </thead>
  );
});

export namespace Header {
  export interface IProps {
    order: IOrder;
    onSort: (key: OrderKey) => void;
    trans: TranslationBundle;
  }
}

function sortOf(
  order: IOrder,
  key: OrderKey
): React.AriaAttributes['aria-sort'] {
  if (order.key !== key) {
    return 'none';
  }
  return order.isAscending ? 'ascending' : 'descending';
}
