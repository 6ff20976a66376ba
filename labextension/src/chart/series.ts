import type { MemoryModel } from '../model/memory';
import type { ICell, IRunningCell } from '../wire/protocol';

/**
 * The data of the chart.
 */
export interface IChartData {
  readonly fromS: number;
  readonly toS: number;
  readonly tS: readonly number[];
  readonly rssBytes: readonly number[];
  /** The high-water marks; equal to the reading if memory did not rise above it. */
  readonly peakBytes: readonly number[];
  /** The memory of child processes, stacked on that of the kernel. */
  readonly childrenBytes: readonly number[];
  readonly limitBytes: number | null;
  readonly cells: readonly ICell[];
  readonly running: IRunningCell | null;
}

// A shorter range is unreadable as a line.
const SPAN_MIN_S = 30;

/**
 * Select the data of a range of the model's history.
 *
 */
export function buildChartData(
  model: MemoryModel,
  rangeS: number | null
): IChartData {
  const { timeline, reading, running, staleSinceS } = model;
  const lastS = timeline.lastS;
  const toS = Math.max(lastS, timeline.length > 0 ? model.nowS : 0);
  // A short history is not squeezed into the end of a long range.
  const knownS = Math.max(toS - timeline.firstS, SPAN_MIN_S);
  const spanS = Math.min(rangeS ?? Infinity, knownS);
  const fromS = toS - spanS;
  const past = timeline.since(fromS);
  const cells = model.cells.filter(
    cell => cell.startedS + cell.durationS >= fromS
  );
  // Silence means that nothing changes, unless the reading may be outdated.
  const holds = reading !== null && staleSinceS === null && toS > lastS;
  const heldBytes = holds ? [reading.rssBytes] : [];
  const heldChildren = holds ? [model.reading?.childrenBytes ?? 0] : [];
  return {
    fromS,
    toS,
    tS: [...past.tS, ...(holds ? [toS] : [])],
    rssBytes: [...past.rssBytes, ...heldBytes],
    peakBytes: [...past.peakBytes, ...heldBytes],
    childrenBytes: [...past.childrenBytes, ...heldChildren],
    limitBytes: model.reading?.gauge?.limitBytes ?? null,
    cells,
    running
  };
}

/**
 * Whether the data includes child processes.
 */
export function hasChildren(data: Pick<IChartData, 'childrenBytes'>): boolean {
  return data.childrenBytes.some(bytes => bytes > 0);
}

/**
 * The memory of the kernel and of its child processes, stacked.
 */
export function togetherOf(
  data: Pick<IChartData, 'rssBytes' | 'childrenBytes'>
): number[] {
  return data.rssBytes.map(
    (bytes, index) => bytes + (data.childrenBytes[index] ?? 0)
  );
}
