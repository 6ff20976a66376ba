const WINDOW_S = 60;

/**
 * The memory of a process at a time.
 */
export interface IReading {
  readonly pid: number;
  readonly tS: number;
  readonly bytes: number;
}

/**
 * By how much memory has grown, and over how long.
 */
export interface IGrowth {
  readonly bytes: number;
  readonly overS: number;
}

/**
 * The growth of each kernel in the last minute, or since the last look before that.
 */
export class GrowthLog {
  /**
   * Add a reading, and return the growth up to it; `null` for the first of a process.
   */
  add(kernelId: string, reading: IReading): IGrowth | null {
    const earlier = (this._readings.get(kernelId) ?? []).filter(
      ({ pid, tS }) => pid === reading.pid && tS < reading.tS
    );
    const old = earlier.filter(({ tS }) => reading.tS - tS >= WINDOW_S);
    // The latest of the old ones, and all younger ones.
    const kept = earlier.slice(Math.max(0, old.length - 1));
    this._readings.set(kernelId, [...kept, reading]);
    const [first] = kept;
    return first
      ? { bytes: reading.bytes - first.bytes, overS: reading.tS - first.tS }
      : null;
  }

  /**
   * Forget kernels that no longer exist.
   */
  keepOnly(kernelIds: readonly string[]): void {
    const kept = new Set(kernelIds);
    for (const kernelId of this._readings.keys()) {
      if (!kept.has(kernelId)) {
        this._readings.delete(kernelId);
      }
    }
  }

  private readonly _readings = new Map<string, readonly IReading[]>();
}
