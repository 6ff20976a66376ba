import type { IOrder } from '../cells/order';
import { reorder } from '../cells/order';
import type { IListedVariable } from '../wire/protocol';

/**
 * What variables are sorted by.
 */
export type VariableOrderKey = 'name' | 'growth' | 'size';

export type VariableOrder = IOrder<VariableOrderKey>;

export const LARGEST_FIRST = { key: 'size', isAscending: false } as const;

/**
 * The order after a click on a column; names start at the first letter.
 */
export function reorderRows<Key extends string>(
  order: IOrder<Key>,
  key: Key
): IOrder<Key> {
  return key === 'name' && order.key !== key
    ? { key, isAscending: true }
    : reorder(order, key);
}

/**
 * The variables whose name or type contains a text, in an order.
 */
export function selectVariables(
  variables: readonly IListedVariable[],
  growth: ReadonlyMap<string, number>,
  filter: string,
  { key, isAscending }: VariableOrder
): IListedVariable[] {
  const wanted = filter.trim().toLowerCase();
  const compare = {
    name: (a: IListedVariable, b: IListedVariable) => compareNames(a, b),
    size: (a: IListedVariable, b: IListedVariable) =>
      sizeOf(a) - sizeOf(b) || compareNames(b, a),
    growth: (a: IListedVariable, b: IListedVariable) =>
      (growth.get(a.name) ?? 0) - (growth.get(b.name) ?? 0) ||
      sizeOf(a) - sizeOf(b)
  }[key];
  const sign = isAscending ? 1 : -1;
  return variables
    .filter(({ name, type }) =>
      `${name} ${type}`.toLowerCase().includes(wanted)
    )
    .sort((a, b) => sign * compare(a, b));
}

function compareNames(a: IListedVariable, b: IListedVariable): number {
  return a.name < b.name ? -1 : Number(a.name > b.name);
}

/**
 * What a variable takes in main memory and elsewhere.
 */
function sizeOf({ bytes, elsewhere }: IListedVariable): number {
  return elsewhere.reduce((sum, part) => sum + part.bytes, bytes);
}
