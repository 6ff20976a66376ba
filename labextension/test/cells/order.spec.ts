import { describe, expect, it } from 'vitest';

import type { IOrder, OrderKey } from '../../src/cells/order';
import {
  LATEST_FIRST,
  readOrder,
  reorder,
  sortCells
} from '../../src/cells/order';
import { ended } from '../fakes/cells';

const CELLS = [
  ended({
    executionCount: 1,
    startedS: 10,
    durationS: 3,
    beforeBytes: 100,
    peakBytes: 300,
    afterBytes: 50
  }),
  ended({
    executionCount: 2,
    startedS: 20,
    durationS: 1,
    beforeBytes: 100,
    peakBytes: 900,
    afterBytes: 100
  }),
  ended({
    executionCount: 3,
    startedS: 30,
    durationS: 1,
    beforeBytes: 800,
    peakBytes: 900,
    afterBytes: 900
  })
];

function sorted(order: IOrder): (number | null)[] {
  return sortCells(CELLS, order).map(cell => cell.executionCount);
}

describe('sortCells', () => {
  it.each([
    ['time', [3, 2, 1]],
    ['rise', [2, 1, 3]],
    ['kept', [3, 2, 1]],
    ['duration', [1, 3, 2]]
  ] as const)('sorts by %s, the highest first', (key, expected) => {
    expect(sorted({ key, isAscending: false })).toEqual(expected);
  });

  it.each([
    ['time', [1, 2, 3]],
    ['rise', [3, 1, 2]],
    ['kept', [1, 2, 3]],
    ['duration', [3, 2, 1]]
  ] as const)('sorts by %s, the lowest first', (key, expected) => {
    expect(sorted({ key, isAscending: true })).toEqual(expected);
  });

  it('leaves the list as it is', () => {
    const cells = [...CELLS];
    sortCells(cells, { key: 'rise', isAscending: false });
    expect(cells).toEqual(CELLS);
  });
});

describe('reorder', () => {
  it('sorts by another column, the highest first', () => {
    expect(reorder({ key: 'rise', isAscending: true }, 'kept')).toEqual({
      key: 'kept',
      isAscending: false
    });
  });

  it('reverses the same column each time', () => {
    const once = reorder(LATEST_FIRST, 'time');
    expect(once).toEqual({ key: 'time', isAscending: true });
    expect(reorder(once, 'time')).toEqual(LATEST_FIRST);
  });
});

describe('readOrder', () => {
  it.each(['time', 'rise', 'kept', 'duration'] satisfies OrderKey[])(
    'reads what was stored: %s',
    key => {
      const order = { key, isAscending: true };
      expect(readOrder({ ...order })).toEqual(order);
    }
  );

  it.each([
    undefined,
    null,
    'rise',
    [],
    {},
    { key: 'rise' },
    { key: 'size', isAscending: true },
    { key: 'toString', isAscending: true },
    { key: 1, isAscending: true },
    { key: 'rise', isAscending: 'yes' }
  ])('reads nothing else: %j', stored => {
    expect(readOrder(stored)).toBeNull();
  });
});
