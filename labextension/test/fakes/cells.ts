import { Signal } from '@lumino/signaling';

import { CellLedger } from '../../src/model/ledger';
import type { Sidebar } from '../../src/model/sidebar';
import type { ICell, IRunningCell } from '../../src/wire/protocol';

export const MEBIBYTE = 1024 ** 2;

/** The record of a cell that has ended. */
export function ended(changes: Partial<ICell> = {}): ICell {
  return {
    executionCount: 5,
    cellId: 'abc',
    firstLine: 'a = np.ones(50_000_000)',
    startedS: 100,
    durationS: 0.25,
    beforeBytes: 80 * MEBIBYTE,
    afterBytes: 90 * MEBIBYTE,
    peakBytes: 480 * MEBIBYTE,
    exact: true,
    peakLine: null,
    childrenBeforeBytes: 0,
    childrenPeakBytes: 0,
    childrenExact: true,
    gpuBeforeBytes: null,
    gpuPeakBytes: null,
    gpus: [],
    gcS: 0,
    gcYoung: 0,
    gcMiddle: 0,
    gcOld: 0,
    minorFaults: 0,
    majorFaults: 0,
    error: null,
    ...changes
  };
}

/** The cell that is running. */
export function running(changes: Partial<IRunningCell> = {}): IRunningCell {
  return {
    executionCount: 7,
    cellId: 'xyz',
    firstLine: 'b = a + a',
    startedS: 200,
    beforeBytes: 80 * MEBIBYTE,
    peakBytes: 480 * MEBIBYTE,
    exact: true,
    ...changes
  };
}

/**
 * What the section and the badges see of a sidebar, over the real ledger.
 */
export class FakeSidebar {
  readonly stateChanged = new Signal<this, void>(this);
  readonly ticked = new Signal<this, void>(this);
  readonly follower: { widget: unknown } = { widget: null };
  ledger = new CellLedger();
  cellsEnded = 0;
  nowS = 203.2;

  /** As the type that is asked for; the rest of it is never used. */
  get sidebar(): Sidebar {
    return this as unknown as Sidebar;
  }

  get model(): unknown {
    const { ledger, nowS, cellsEnded } = this;
    return {
      cells: ledger.cells,
      running: ledger.running,
      earlier: ledger.earlier,
      present: { cellsEnded },
      nowS
    };
  }

  /** A message of the kernel. */
  receive(cells: readonly ICell[], run: IRunningCell | null = null): void {
    // A message is decoded each time.
    this.ledger.add(cells.map(cell => ({ ...cell })));
    this.ledger.run(run && { ...run });
    this.stateChanged.emit();
  }

  tick(nowS: number): void {
    this.nowS = nowS;
    this.ticked.emit();
  }
}
