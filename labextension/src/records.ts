/**
 * Readings as columns of equal length, oldest first.
 */
export interface IColumns {
  readonly tS: readonly number[];
  readonly rssBytes: readonly number[];
  readonly peakBytes: readonly number[];
  /** The memory of the child processes together. */
  readonly childrenBytes: readonly number[];
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
 * What a library in the kernel holds of a graphics device.
 */
export interface IGpuAllocator {
  readonly library: string;
  readonly allocatedBytes: number;
  readonly reservedBytes: number | null;
  readonly peakBytes: number | null;
}

/**
 * The memory of a graphics device.
 */
export interface IGpu {
  readonly index: number;
  readonly name: string;
  readonly usedBytes: number;
  readonly totalBytes: number;
  /** The kernel's part, `null` where the driver does not tell. */
  readonly processBytes: number | null;
  readonly allocators: readonly IGpuAllocator[];
}

/**
 * Python's garbage collector, while it does not run as it was found.
 */
export interface ICollectorPause {
  /** Whether it runs, but with raised thresholds. */
  readonly enabled: boolean;
  /** The code that paused it. */
  readonly by: string;
  /** Since when, `null` where that is not known. */
  readonly sinceS: number | null;
}

/**
 * What stands beside the memory of the kernel's own process.
 */
export interface IPresent {
  /** How many child processes there are, and their memory together. */
  readonly children: number;
  readonly childrenBytes: number;
  readonly swapBytes: number | null;
  readonly gpus: readonly IGpu[];
  /** `null` while the garbage collector runs. */
  readonly collectorPause: ICollectorPause | null;
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
 * How far the work under way is, such as a run over chunks.
 */
export interface IActivity {
  readonly label: string;
  /** What is counted, in the plural. */
  readonly unit: string;
  /** When the figures were so. */
  readonly toldS: number;
  readonly done: number;
  /** How many there are, or look to be; `null` where nothing tells. */
  readonly total: number | null;
  /** How many are done in a second, `null` until that can be told. */
  readonly perS: number | null;
  readonly chunks: number;
  /** By how much the process grew in the last chunk, and by how much it may. */
  readonly chunkPeakBytes: number | null;
  readonly budgetBytes: number | null;
}

/**
 * The account of a cell that has ended.
 */
export interface ICell extends IRunningCell {
  readonly durationS: number;
  readonly afterBytes: number;
  /** The line that ran when use was seen highest, `null` where nothing saw it. */
  readonly peakLine: string | null;
  /** The memory of child processes together, at the start and at the highest. */
  readonly childrenBeforeBytes: number;
  readonly childrenPeakBytes: number;
  readonly childrenExact: boolean;
  /** How long the garbage collector ran. */
  readonly gcS: number;
  /** How many pages had to be read from disk, `null` for unknown. */
  readonly majorFaults: number | null;
  /** The name of the exception that ended the cell. */
  readonly error: string | null;
}
