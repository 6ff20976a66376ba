import { JSONExt } from '@lumino/coreutils';

import type { ICell, IRunningCell } from '../wire/protocol';

const CELLS_MAX = 100;

/**
 * The cells of a process of the kernel that has ended.
 */
export interface IEarlierProcess {
  readonly endedS: number;
  readonly cells: readonly ICell[];
}

/**
 * The records of the cells of one kernel, bounded in number.
 *
 * A kernel that restarts counts its cells from 1 again, so those of each process
 * stay apart. What has not changed stays the same object, so that a view can skip
 * it.
 */
export class CellLedger {
  /**
   * The last cells that have ended in the current process, oldest first.
   */
  get cells(): readonly ICell[] {
    return this._cells;
  }

  get running(): IRunningCell | null {
    return this._running;
  }

  /**
   * The earlier processes that ran cells, oldest first.
   */
  get earlier(): readonly IEarlierProcess[] {
    return this._earlier;
  }

  /**
   * Add cells that have ended; a cell that is known already is replaced.
   */
  add(cells: readonly ICell[]): void {
    const isLate = (cell: ICell): boolean => cell.startedS < this._endedS;
    const late = cells.filter(isLate);
    if (late.length > 0) {
      this._addEarlier(late, this._endedS);
    }
    this._cells = merge(
      this._cells,
      cells.filter(cell => !isLate(cell))
    );
    const runningS = this._running?.startedS;
    if (cells.some(cell => cell.startedS === runningS)) {
      this._running = null;
    }
  }

  /**
   * Set the running cell, as the kernel reports it.
   */
  run(running: IRunningCell | null): void {
    if (running && running.startedS < this._endedS) {
      return;
    }
    const known = this._running;
    const seen =
      running && running.startedS === known?.startedS
        ? // The server may have seen a higher value while the kernel was silent.
          {
            ...running,
            peakBytes: Math.max(running.peakBytes, known.peakBytes)
          }
        : running;
    this._running = isSame(seen, known) ? known : seen;
  }

  /**
   * Note a reading from outside, which may be a new peak of the running cell.
   */
  see(rssBytes: number): void {
    if (this._running && rssBytes > this._running.peakBytes) {
      this._running = { ...this._running, peakBytes: rssBytes };
    }
  }

  /**
   * Begin with a new process.
   *
   * What the old one reports late, such as the cell that its end interrupted, is
   * recognized by the time at which it started.
   */
  restart(endedS: number): void {
    if (this._cells.length > 0 || this._running) {
      this._endedS = endedS;
      this._addEarlier(this._cells, endedS);
    }
    this._cells = [];
    this._running = null;
  }

  /**
   * Add cells to a process that has ended; the oldest cells of all are dropped.
   */
  private _addEarlier(cells: readonly ICell[], endedS: number): void {
    const last = this._earlier.at(-1);
    const process =
      last?.endedS === endedS
        ? { endedS, cells: merge(last.cells, cells) }
        : { endedS, cells };
    const others = this._earlier.filter(other => other.endedS !== endedS);
    let left = CELLS_MAX;
    this._earlier = [...others, process]
      .reverse()
      .map(each => {
        const kept = left > 0 ? each.cells.slice(-left) : [];
        left -= kept.length;
        return { ...each, cells: kept };
      })
      .filter(({ cells }) => cells.length > 0)
      .reverse();
  }

  private _cells: readonly ICell[] = [];
  private _running: IRunningCell | null = null;
  private _earlier: readonly IEarlierProcess[] = [];
  private _endedS = -Infinity;
}

/**
 * The last cells with those added that are new or changed, in the order in which
 * they started; the same list if there are none.
 */
function merge(
  known: readonly ICell[],
  cells: readonly ICell[]
): readonly ICell[] {
  const byStart = new Map(known.map(cell => [cell.startedS, cell]));
  const added = cells.filter(cell => !isSame(cell, byStart.get(cell.startedS)));
  if (added.length === 0) {
    return known;
  }
  for (const cell of added) {
    byStart.set(cell.startedS, cell);
  }
  return [...byStart.values()]
    .sort((a, b) => a.startedS - b.startedS)
    .slice(-CELLS_MAX);
}

/**
 * How far memory rose above the start of a cell.
 */
export function riseOf(cell: IRunningCell): number {
  return Math.max(0, cell.peakBytes - cell.beforeBytes);
}

/**
 * How much more memory was in use at the end of a cell than at its start.
 */
export function keptOf(cell: ICell): number {
  return cell.afterBytes - cell.beforeBytes;
}

/**
 * Whether two records, which are JSON, are equal.
 */
function isSame(
  a: IRunningCell | null | undefined,
  b: IRunningCell | null | undefined
): boolean {
  return a && b ? JSONExt.deepEqual({ ...a }, { ...b }) : a === b;
}
