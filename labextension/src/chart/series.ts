import type { IEarlierProcess } from '../model/ledger';
import type { IReading } from '../model/readings';
import type { Timeline } from '../model/timeline';
import type { ICell, IRunningCell } from '../wire/protocol';
import type { IPixelColumns } from './columns';
import { noColumns, toPixelColumns } from './columns';
import type { IWindow } from './view';

/**
 * What the chart draws: the memory of one kernel.
 */
export interface IChartSource {
  readonly timeline: Timeline;
  readonly reading: IReading | null;
  /** The time since which the reading may be outdated, `null` if it is current. */
  readonly staleSinceS: number | null;
  /** The time on the kernel's clock. */
  readonly nowS: number;
  readonly cells: readonly ICell[];
  readonly earlier: readonly IEarlierProcess[];
  readonly running: IRunningCell | null;
}

/**
 * The data of the chart.
 */
export interface IChartData extends IWindow {
  readonly columns: IPixelColumns;
  readonly limitBytes: number | null;
  /** In order of time. */
  readonly cells: readonly ICellSpan[];
}

/**
 * The time in which a cell ran.
 */
export interface ICellSpan extends IWindow {
  readonly executionCount: number | null;
  readonly cellId: string | null;
  readonly peakBytes: number;
  readonly isRunning: boolean;
}

export const NO_DATA: IChartData = {
  fromS: 0,
  toS: 1,
  columns: noColumns(),
  limitBytes: null,
  cells: []
};

// A shorter range is unreadable as a line.
const EXTENT_MIN_S = 30;

/**
 * All the time of which a model knows something.
 */
export function extentOf(model: IChartSource | null): IWindow {
  if (!model) {
    return NO_DATA;
  }
  const { timeline, nowS } = model;
  const toS = Math.max(timeline.lastS, nowS);
  const firstS = timeline.length > 0 ? timeline.firstS : nowS;
  return { fromS: Math.min(firstS, toS - EXTENT_MIN_S), toS };
}

/**
 * Select what is known of a stretch of time.
 *
 * @param columnCount - The number of columns of pixels for it.
 */
export function buildChartData(
  model: IChartSource,
  { fromS, toS }: IWindow,
  columnCount: number
): IChartData {
  const { timeline } = model;
  const columns = toPixelColumns(
    timeline.since(fromS, toS),
    timeline.breaksS,
    (toS - fromS) / columnCount
  );
  hold(columns, model, toS);
  return {
    fromS,
    toS,
    columns,
    limitBytes: model.reading?.gauge?.limitBytes ?? null,
    cells: spansOf(model).filter(cell => cell.toS >= fromS && cell.fromS <= toS)
  };
}

/**
 * Add the last reading again, at the end of the stretch.
 *
 * Silence means that nothing changes, unless the reading may be outdated.
 */
function hold(
  columns: IPixelColumns,
  { timeline, reading, staleSinceS }: IChartSource,
  toS: number
): void {
  if (reading && staleSinceS === null && toS > timeline.lastS) {
    const { rssBytes, childrenBytes } = reading;
    columns.tS.push(toS);
    columns.lowBytes.push(rssBytes);
    columns.highBytes.push(rssBytes);
    columns.peakBytes.push(rssBytes);
    columns.childrenBytes.push(childrenBytes);
    columns.togetherBytes.push(rssBytes + childrenBytes);
    columns.gpuBytes.push(columns.gpuBytes.at(-1) ?? 0);
  }
}

/**
 * The cells of all processes of the kernel, in order of time.
 */
function spansOf(model: IChartSource): ICellSpan[] {
  const ended = [
    ...model.earlier.flatMap(({ cells }) => cells),
    ...model.cells
  ];
  const { running } = model;
  return [
    ...ended.map(cell => ({
      executionCount: cell.executionCount,
      cellId: cell.cellId,
      peakBytes: cell.peakBytes,
      fromS: cell.startedS,
      toS: cell.startedS + cell.durationS,
      isRunning: false
    })),
    ...(running
      ? [
          {
            executionCount: running.executionCount,
            cellId: running.cellId,
            peakBytes: running.peakBytes,
            fromS: running.startedS,
            toS: Math.max(model.nowS, running.startedS),
            isRunning: true
          }
        ]
      : [])
  ];
}
