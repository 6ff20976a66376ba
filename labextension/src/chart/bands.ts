import type { ICellSpan } from './series';
import type { IWindow } from './view';

/**
 * The band of one cell, or of several that are too narrow to be told apart.
 */
export interface IBand {
  readonly left: number;
  readonly right: number;
  readonly tint: 'even' | 'odd' | 'running';
  /** The number of its only cell. */
  readonly label: string | null;
}

/**
 * Lay out the bands of cells, from left to right; none lies on another.
 *
 * @param cells - The cells, in order of time.
 * @param toX - The place of a time, in pixels.
 * @param narrowest - The least width of a band, in pixels.
 */
export function layOutBands(
  cells: readonly ICellSpan[],
  toX: (tS: number) => number,
  narrowest: number
): IBand[] {
  const bands: IBand[] = [];
  let lastIsNarrow = false;
  for (const cell of cells) {
    const last = bands.at(-1);
    const end = toX(cell.toS);
    const left = Math.max(toX(cell.fromS), last?.right ?? -Infinity);
    const right = Math.max(end, left + narrowest);
    const isNarrow = end - left < narrowest;
    const touches = last !== undefined && left - last.right < narrowest;
    if (touches && isNarrow && (lastIsNarrow || end <= last.right)) {
      bands[bands.length - 1] = {
        ...last,
        right: Math.max(last.right, end),
        tint: cell.isRunning ? 'running' : last.tint,
        label: null
      };
    } else {
      const { executionCount } = cell;
      bands.push({
        left,
        right,
        tint: tintOf(cell),
        label: executionCount === null ? null : `[${String(executionCount)}]`
      });
      lastIsNarrow = isNarrow;
    }
  }
  return bands;
}

/**
 * The cell that ran at a time or ended or began close to it.
 *
 * @param closeS - The time that still counts as close.
 */
export function cellAt(
  cells: readonly ICellSpan[],
  tS: number,
  closeS: number
): ICellSpan | null {
  let nearest: ICellSpan | null = null;
  let leastS = closeS;
  for (const cell of cells) {
    const awayS = Math.max(cell.fromS - tS, tS - cell.toS, 0);
    if (awayS <= leastS) {
      nearest = cell;
      leastS = awayS;
    }
  }
  return nearest;
}

/**
 * The middle of what is shown of the last cell before a time (-1) or the first one
 * after it (1).
 */
export function middleOfNext(
  cells: readonly ICellSpan[],
  shown: IWindow,
  atS: number,
  direction: 1 | -1
): number | undefined {
  const middles = cells
    .map(
      ({ fromS, toS }) =>
        (Math.max(fromS, shown.fromS) + Math.min(toS, shown.toS)) / 2
    )
    .filter(middleS => direction * (middleS - atS) >= 0);
  return direction < 0 ? middles.at(-1) : middles[0];
}

/**
 * Neighbours differ, and a cell keeps its tint while others come and go.
 */
function tintOf({ isRunning, executionCount }: ICellSpan): IBand['tint'] {
  if (isRunning) {
    return 'running';
  }
  return (executionCount ?? 0) % 2 === 0 ? 'even' : 'odd';
}
