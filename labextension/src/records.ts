/**
 * Readings as columns of equal length, oldest first.
 */
export interface IColumns {
  readonly tS: readonly number[];
  readonly rssBytes: readonly number[];
  readonly peakBytes: readonly number[];
  /** The total memory of the child processes. */
  readonly childrenBytes: readonly number[];
}

/**
 * The latest reading, and who took it.
 */
export interface IReading {
  readonly tS: number;
  readonly rssBytes: number;
  readonly source: 'kernel' | 'server';
}

/**
 * The memory that a library in the kernel holds on a GPU.
 */
export interface IGpuAllocator {
  readonly library: string;
  readonly allocatedBytes: number;
  readonly reservedBytes: number | null;
  readonly peakBytes: number | null;
}

/**
 * The memory of a GPU.
 */
export interface IGpu {
  readonly index: number;
  readonly name: string;
  readonly usedBytes: number;
  readonly totalBytes: number;
  /** The kernel's part, `null` if the driver does not report it. */
  readonly processBytes: number | null;
  readonly allocators: readonly IGpuAllocator[];
}

/**
 * A change to Python's garbage collector, while it lasts.
 */
export interface ICollectorPause {
  /** Whether it runs with raised thresholds. */
  readonly enabled: boolean;
  /** The code that paused it. */
  readonly by: string;
  /** The time of the change, `null` if unknown. */
  readonly sinceS: number | null;
}

/**
 * Memory besides that of the kernel's own process.
 */
export interface IPresent {
  /** The number of child processes, and their total memory. */
  readonly children: number;
  readonly childrenBytes: number;
  readonly swapBytes: number | null;
  readonly gpus: readonly IGpu[];
  /** `null` while the garbage collector runs normally. */
  readonly collectorPause: ICollectorPause | null;
}

/**
 * The smallest limit on the kernel's memory, and its source.
 */
export interface ILimit {
  readonly bytes: number;
  readonly name: string;
}

/**
 * The record of the running cell.
 */
export interface IRunningCell {
  readonly executionCount: number | null;
  readonly cellId: string | null;
  readonly firstLine: string;
  readonly startedS: number;
  readonly beforeBytes: number;
  readonly peakBytes: number;
  /** Whether the peak is the system's high-water mark rather than sampled. */
  readonly exact: boolean;
}

/**
 * The progress of running work, such as a run over chunks.
 */
export interface IActivity {
  readonly label: string;
  /** The noun for what is counted, in the plural. */
  readonly unit: string;
  /** The time of these figures. */
  readonly toldS: number;
  readonly done: number;
  /** The exact or estimated total; `null` if unknown. */
  readonly total: number | null;
  /** The rate per second, `null` until it is known. */
  readonly perS: number | null;
  readonly chunks: number;
  /** How much the process grew in the last chunk, and how much it may grow. */
  readonly chunkPeakBytes: number | null;
  readonly budgetBytes: number | null;
}

/**
 * The record of a finished cell.
 */
export interface ICell extends IRunningCell {
  readonly durationS: number;
  readonly afterBytes: number;
  /** The line that was running at the highest reading, `null` if unknown. */
  readonly peakLine: string | null;
  /** The total memory of child processes, at the start and at the peak. */
  readonly childrenBeforeBytes: number;
  readonly childrenPeakBytes: number;
  readonly childrenExact: boolean;
  /** The time of the garbage collector. */
  readonly gcS: number;
  /** The number of pages read from disk, `null` if unknown. */
  readonly majorFaults: number | null;
  /** The name of the exception that ended the cell. */
  readonly error: string | null;
}
