/**
 * Readings as columns of equal length, oldest first.
 */
export interface IColumns {
  readonly tS: readonly number[];
  readonly rssBytes: readonly number[];
  readonly peakBytes: readonly number[];
}

/**
 * The latest reading, and who made it.
 */
export interface IReading {
  readonly tS: number;
  readonly rssBytes: number;
  readonly source: 'kernel' | 'server';
}

/**
 * The tightest limit on the kernel's memory, and what sets it.
 */
export interface ILimit {
  readonly bytes: number;
  readonly name: string;
}

/**
 * The account of the cell that runs.
 */
export interface IRunningCell {
  readonly executionCount: number | null;
  readonly cellId: string | null;
  readonly firstLine: string;
  readonly startedS: number;
  readonly beforeBytes: number;
  readonly peakBytes: number;
  /** Whether the peak is the system's high-water mark, or the highest sample. */
  readonly exact: boolean;
}

/**
 * The account of a cell that has ended.
 */
export interface ICell extends IRunningCell {
  readonly durationS: number;
  readonly afterBytes: number;
  /** The name of the exception that ended the cell. */
  readonly error: string | null;
}
