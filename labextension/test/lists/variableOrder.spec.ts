import { describe, expect, it } from 'vitest';

import type { VariableOrder } from '../../src/lists/variableOrder';
import {
  LARGEST_FIRST,
  reorderRows,
  selectVariables
} from '../../src/lists/variableOrder';
import { decodeVariables } from '../../src/wire/protocol';
import { decoded } from '../fakes/golden';

const { variables } = decoded(decodeVariables, 'variables');
const GROWTH = new Map([
  ['orders', -5],
  ['net', 7]
]);

function names(order: VariableOrder, filter = ''): string[] {
  return selectVariables(variables, GROWTH, filter, order).map(
    ({ name }) => name
  );
}

describe('the order of variables', () => {
  it('is by size with what is elsewhere, by name, or by growth', () => {
    expect(names(LARGEST_FIRST)).toEqual(['orders', 'net', '<b>bold</b>']);
    expect(names({ key: 'name', isAscending: true })).toEqual([
      '<b>bold</b>',
      'net',
      'orders'
    ]);
    expect(names({ key: 'growth', isAscending: false })).toEqual([
      'net',
      '<b>bold</b>',
      'orders'
    ]);
  });

  it('starts with the largest, or with the first letter, and is reversed', () => {
    const byName = reorderRows(LARGEST_FIRST, 'name');
    expect(byName).toEqual({ key: 'name', isAscending: true });
    expect(reorderRows(byName, 'name').isAscending).toBe(false);
    expect(reorderRows(byName, 'size')).toEqual(LARGEST_FIRST);
  });
});

describe('the filter', () => {
  it('is for names and types, in any case', () => {
    expect(names(LARGEST_FIRST, ' ORD ')).toEqual(['orders']);
    expect(names(LARGEST_FIRST, 'sequential')).toEqual(['net']);
    expect(names(LARGEST_FIRST, '<b>')).toEqual(['<b>bold</b>']);
    expect(names(LARGEST_FIRST, 'none')).toEqual([]);
  });
});
