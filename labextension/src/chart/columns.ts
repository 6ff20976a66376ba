import type { IKeptColumns } from '../model/timeline';

/**
 * What is drawn of the readings: one entry a column of pixels, and one without
 * values where a process of the kernel ended.
 */
export interface IPixelColumns {
  /** The time of the last reading of each column. */
  readonly tS: number[];
  readonly lowBytes: Value[];
  readonly highBytes: Value[];
  /** The high-water marks; equal to the reading if memory did not rise above it. */
  readonly peakBytes: Value[];
  /** The kernel and its child processes. */
  readonly togetherBytes: Value[];
  readonly childrenBytes: Value[];
  readonly gpuBytes: Value[];
}

export type Value = number | null;

/**
 * Join the readings that fall into one column of pixels.
 *
 * Columns are counted from time 0, so that the past does not flicker while the
 * present advances.
 *
 * @param readings - The readings, oldest first.
 * @param breaksS - When processes of the kernel ended, in order.
 * @param columnS - The time that a column covers.
 */
export function toPixelColumns(
  readings: IKeptColumns,
  breaksS: readonly number[],
  columnS: number
): IPixelColumns {
  const columns = noColumns();
  let lastSlot = NaN;
  let next = 0;
  readings.tS.forEach((tS, index) => {
    const slot = Math.floor(tS / columnS);
    for (; (breaksS[next] ?? Infinity) < tS; next += 1) {
      if (columns.tS.length > 0 && columns.lowBytes.at(-1) !== null) {
        addGap(columns, Math.max(breaksS[next] ?? tS, columns.tS.at(-1) ?? tS));
      }
      lastSlot = NaN;
    }
    const isNew = slot !== lastSlot;
    if (isNew) {
      addGap(columns, tS);
    }
    lastSlot = slot;
    const at = columns.tS.length - 1;
    columns.tS[at] = tS;
    const low = readings.lowBytes[index] ?? 0;
    columns.lowBytes[at] = Math.min(columns.lowBytes[at] ?? Infinity, low);
    raise(columns.highBytes, at, readings.highBytes[index]);
    raise(columns.peakBytes, at, readings.peakBytes[index]);
    raise(columns.togetherBytes, at, readings.togetherBytes[index]);
    raise(columns.childrenBytes, at, readings.childrenBytes[index]);
    raise(columns.gpuBytes, at, readings.gpuBytes[index]);
  });
  return columns;
}

/**
 * Columns without any.
 */
export function noColumns(): IPixelColumns {
  return {
    tS: [],
    lowBytes: [],
    highBytes: [],
    peakBytes: [],
    togetherBytes: [],
    childrenBytes: [],
    gpuBytes: []
  };
}

function addGap(columns: IPixelColumns, tS: number): void {
  columns.tS.push(tS);
  columns.lowBytes.push(null);
  columns.highBytes.push(null);
  columns.peakBytes.push(null);
  columns.togetherBytes.push(null);
  columns.childrenBytes.push(null);
  columns.gpuBytes.push(null);
}

function raise(values: Value[], at: number, value = 0): void {
  values[at] = Math.max(values[at] ?? 0, value);
}
