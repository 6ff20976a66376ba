import type { MemoryModel } from '../../src/model/memory';
import { Timeline } from '../../src/model/timeline';
import type { ICell, IRunningCell } from '../../src/wire/protocol';

export const MEBIBYTE = 1024 ** 2;

/**
 * Random numbers from 0 to 1 that are the same for the same seed (mulberry32).
 */
export function seeded(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

export interface IReadingChange {
  tS: number;
  rssBytes: number;
  peakBytes?: number;
  childrenBytes?: number;
  gpuBytes?: number;
}

/**
 * A timeline of these readings.
 */
export function timelineOf(...readings: IReadingChange[]): Timeline {
  const timeline = new Timeline();
  timeline.merge({
    tS: readings.map(reading => reading.tS),
    rssBytes: readings.map(reading => reading.rssBytes),
    peakBytes: readings.map(each => each.peakBytes ?? each.rssBytes),
    childrenBytes: readings.map(reading => reading.childrenBytes ?? 0),
    gpuBytes: readings.map(reading => reading.gpuBytes ?? 0)
  });
  return timeline;
}

const RUNNING: IRunningCell = {
  executionCount: 5,
  cellId: 'cell-5',
  firstLine: 'a = 1',
  startedS: 110,
  beforeBytes: 80 * MEBIBYTE,
  peakBytes: 300 * MEBIBYTE,
  exact: true
};

export function runningCell(changes: Partial<IRunningCell> = {}): IRunningCell {
  return { ...RUNNING, ...changes };
}

export function cell(changes: Partial<ICell> = {}): ICell {
  return {
    ...RUNNING,
    durationS: 20,
    afterBytes: 100 * MEBIBYTE,
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
    minorFaults: null,
    majorFaults: null,
    error: null,
    ...changes
  };
}

/**
 * What the chart reads of a model.
 */
export function modelOf(
  changes: Partial<
    Pick<
      MemoryModel,
      | 'cells'
      | 'earlier'
      | 'nowS'
      | 'reading'
      | 'running'
      | 'staleSinceS'
      | 'timeline'
    >
  >
): MemoryModel {
  const model = {
    timeline: new Timeline(),
    reading: null,
    running: null,
    cells: [],
    earlier: [],
    nowS: 160,
    staleSinceS: null,
    ...changes
  };
  // The chart reads nothing else.
  return model as unknown as MemoryModel;
}
