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
    const byStart = new Map(this._cells.map(cell => [cell.startedS, cell]));
    const news = cells.filter(
      cell => !isSame(cell, byStart.get(cell.startedS))
    );
    if (news.length === 0) {
      return;
    }
    for (const cell of news) {
      byStart.set(cell.startedS, cell);
      if (cell.startedS === this._running?.startedS) {
        this._running = null;
      }
    }
    this._cells = [...byStart.values()]
      .sort((a, b) => a.startedS - b.startedS)
      .slice(-CELLS_MAX);
  }

  /**
   * Set the running cell, as the kernel reports it.
   */
  run(running: IRunningCell | null): void {
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
   */
  restart(endedS: number): void {
    this._running = null;
    if (this._cells.length === 0) {
      return;
    }
    this._earlier.push({ endedS, cells: this._cells });
    this._cells = [];
    let left = CELLS_MAX;
    this._earlier = this._earlier
      .reverse()
      .map(({ cells, ...process }) => {
        const kept = left > 0 ? cells.slice(-left) : [];
        left -= kept.length;
        return { ...process, cells: kept };
      })
      .filter(({ cells }) => cells.length > 0)
      .reverse();
  }

  private _cells: readonly ICell[] = [];
  private _running: IRunningCell | null = null;
  private _earlier: IEarlierProcess[] = [];
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
 * Whether two records, whose fields are all primitive, are equal.
 */
function isSame<T extends IRunningCell>(
  a: T | null | undefined,
  b: T | null | undefined
): boolean {
  if (!a || !b) {
    return a === b;
  }
  const names = Object.keys(a) as (keyof T)[];
  return names.every(name => a[name] === b[name]);
}
