import { beforeEach, describe, expect, it } from 'vitest';

import { CellLedger, keptOf, riseOf } from '../../src/model/ledger';
import { ended, MEBIBYTE, running } from '../fakes/cells';

let ledger: CellLedger;

function counts(): (number | null)[] {
  return ledger.cells.map(cell => cell.executionCount);
}

function run(count: number, startedS = count): void {
  ledger.add([ended({ executionCount: count, startedS })]);
}

beforeEach(() => {
  ledger = new CellLedger();
});

describe('CellLedger#cells', () => {
  it('are in the order in which they started', () => {
    run(2);
    run(1);
    run(3);
    expect(counts()).toEqual([1, 2, 3]);
  });

  it('are the last 100', () => {
    for (let count = 1; count <= 5000; count += 1) {
      run(count);
    }
    expect(ledger.cells.length).toBe(100);
    expect(counts()[0]).toBe(4901);
  });

  it('stay the same objects if a message repeats them', () => {
    run(1);
    run(2);
    const { cells } = ledger;
    run(1);
    run(2);
    expect(ledger.cells).toBe(cells);
    run(3);
    expect(ledger.cells).not.toBe(cells);
    expect(ledger.cells.slice(0, 2)).toEqual(cells);
    expect(ledger.cells[0]).toBe(cells[0]);
  });

  it('are replaced if a message changes them', () => {
    run(1);
    ledger.add([ended({ executionCount: 1, startedS: 1, error: 'OSError' })]);
    expect(ledger.cells.map(cell => cell.error)).toEqual(['OSError']);
  });
});

describe('CellLedger#running', () => {
  it('ends with the record of the cell', () => {
    ledger.run(running());
    ledger.add([ended({ startedS: 200 })]);
    expect(ledger.running).toBeNull();
  });

  it('ends with its record also if later ones come with it', () => {
    ledger.run(running());
    ledger.add([ended({ startedS: 200 }), ended({ startedS: 201 })]);
    expect(ledger.running).toBeNull();
  });

  it('stays while another cell is recorded', () => {
    ledger.run(running());
    ledger.add([ended({ startedS: 100 })]);
    expect(ledger.running).toEqual(running());
  });

  it('stays the same object if nothing about it changes', () => {
    ledger.run(running());
    const known = ledger.running;
    ledger.run(running());
    expect(ledger.running).toBe(known);
    ledger.see(480 * MEBIBYTE);
    expect(ledger.running).toBe(known);
    ledger.run(running({ peakBytes: 490 * MEBIBYTE }));
    expect(ledger.running).not.toBe(known);
  });

  it('keeps the highest memory that was seen from outside', () => {
    ledger.run(running());
    ledger.see(500 * MEBIBYTE);
    ledger.run(running());
    expect(ledger.running?.peakBytes).toBe(500 * MEBIBYTE);
    ledger.run(running({ startedS: 300 }));
    expect(ledger.running?.peakBytes).toBe(480 * MEBIBYTE);
  });

  it('is nothing before a cell runs, whatever is seen', () => {
    ledger.see(500 * MEBIBYTE);
    ledger.run(null);
    expect(ledger.running).toBeNull();
  });
});

describe('CellLedger#earlier', () => {
  it('keeps the cells of a process that ended', () => {
    run(1, 10);
    ledger.run(running());
    ledger.restart(20);
    run(1, 30);
    expect(ledger.running).toBeNull();
    expect(ledger.cells.map(cell => cell.startedS)).toEqual([30]);
    expect(
      ledger.earlier.map(({ endedS, cells }) => [endedS, cells.length])
    ).toEqual([[20, 1]]);
  });

  it('has the cell that its end interrupted, whose record is late', () => {
    run(1, 10);
    ledger.run(running({ startedS: 15 }));
    ledger.restart(20);
    // The old process is still reporting.
    ledger.run(running({ startedS: 15 }));
    expect(ledger.running).toBeNull();
    ledger.add([ended({ executionCount: 2, startedS: 15 })]);
    expect(ledger.cells).toEqual([]);
    run(1, 30);
    expect(counts()).toEqual([1]);
    expect(
      ledger.earlier.map(({ cells }) => cells.map(cell => cell.startedS))
    ).toEqual([[10, 15]]);
  });

  it('has it also if it was the only cell', () => {
    ledger.run(running({ startedS: 15 }));
    ledger.restart(20);
    expect(ledger.earlier).toEqual([]);
    ledger.add([ended({ startedS: 15 })]);
    expect(ledger.cells).toEqual([]);
    expect(ledger.earlier.map(({ endedS }) => endedS)).toEqual([20]);
  });

  it('judges no cell by the end of a process of which nothing is known', () => {
    // The page's clock may be an hour ahead, which no message has shown yet.
    ledger.restart(3600);
    run(1, 10);
    expect(counts()).toEqual([1]);
    expect(ledger.earlier).toEqual([]);
  });

  it('has no process that ran no cell, however often one restarts', () => {
    for (let time = 0; time < 10; time += 1) {
      ledger.restart(time);
    }
    expect(ledger.earlier).toEqual([]);
  });

  it('is bounded in cells: the oldest go first', () => {
    for (let process = 0; process < 10; process += 1) {
      for (let count = 1; count <= 30; count += 1) {
        run(count, 1000 * process + count);
      }
      ledger.restart(1000 * process + 500);
    }
    const kept = ledger.earlier.map(({ cells }) => cells.length);
    expect(kept).toEqual([10, 30, 30, 30]);
    expect(ledger.earlier[0]?.cells[0]?.executionCount).toBe(21);
    expect(ledger.earlier.at(-1)?.endedS).toBe(9500);
  });

  it('is another list after each restart, so that a view sees it', () => {
    run(1);
    ledger.restart(5);
    const { earlier } = ledger;
    run(1, 6);
    ledger.restart(9);
    expect(ledger.earlier).not.toBe(earlier);
    expect(ledger.earlier.length).toBe(2);
  });
});

describe('riseOf and keptOf', () => {
  it('are relative to the start of the cell', () => {
    expect(riseOf(ended())).toBe(400 * MEBIBYTE);
    expect(keptOf(ended())).toBe(10 * MEBIBYTE);
  });

  it('may be a loss of what was kept, but never a rise below the start', () => {
    const freed = ended({ peakBytes: 0, afterBytes: 30 * MEBIBYTE });
    expect(riseOf(freed)).toBe(0);
    expect(keptOf(freed)).toBe(-50 * MEBIBYTE);
  });
});
