import { keptOf, riseOf } from '../model/ledger';
import type { ICell } from '../wire/protocol';

/**
 * What cells are sorted by: the time of their run, their rise above the start, what
 * they kept, or their duration.
 */
export type OrderKey = 'time' | 'rise' | 'kept' | 'duration';

/**
 * The order of the rows of a table, by one of its columns.
 */
export interface IOrder<Key extends string = OrderKey> {
  readonly key: Key;
  readonly isAscending: boolean;
}

export const LATEST_FIRST: IOrder = { key: 'time', isAscending: false };

const VALUES: Record<OrderKey, (cell: ICell) => number> = {
  time: cell => cell.startedS,
  rise: riseOf,
  kept: keptOf,
  duration: cell => cell.durationS
};

/**
 * Sort cells; equal ones latest first.
 */
export function sortCells(cells: readonly ICell[], order: IOrder): ICell[] {
  const value = VALUES[order.key];
  const sign = order.isAscending ? 1 : -1;
  return [...cells].sort(
    (a, b) => sign * (value(a) - value(b)) || b.startedS - a.startedS
  );
}

/**
 * The order after a click on a column: by that column, the highest first, or the
 * reverse if it is sorted by it already.
 */
export function reorder<Key extends string>(
  order: IOrder<Key>,
  key: Key
): IOrder<Key> {
  return { key, isAscending: order.key === key && !order.isAscending };
}

/**
 * Read an order that an earlier session has stored, `null` if it is not one.
 */
export function readOrder(stored: unknown): IOrder | null {
  if (typeof stored !== 'object' || stored === null) {
    return null;
  }
  const { key, isAscending } = stored as Partial<Record<string, unknown>>;
  return typeof key === 'string' &&
    Object.hasOwn(VALUES, key) &&
    typeof isAscending === 'boolean'
    ? { key: key as OrderKey, isAscending }
    : null;
}
