import type { ISampleColumns } from '../wire/protocol';

/**
 * Readings as columns of equal length, oldest first.
 */
export interface IColumns extends ISampleColumns {
  /** The memory on GPUs. */
  readonly gpuBytes: readonly number[];
}

interface ISample {
  tS: number;
  rssBytes: number;
  peakBytes: number;
  childrenBytes: number;
  gpuBytes: number;
}

/**
 * The readings of one kernel in order of time, bounded in number.
 *
 * When it is full, every other reading of its older half is dropped, keeping
 * the higher of two peaks: the past becomes coarser but stays complete.
 */
export class Timeline {
  constructor(capacity = 8192) {
    this._capacity = capacity;
  }

  get length(): number {
    return this._samples.length;
  }

  /**
   * The time of the last reading, 0 if there is none.
   */
  get lastS(): number {
    return this._samples.at(-1)?.tS ?? 0;
  }

  get firstS(): number {
    return this._samples[0]?.tS ?? 0;
  }

  /**
   * Add readings, which may overlap with existing ones and be out of order.
   *
   * Of two readings with the same time, the added one is kept.
   */
  merge(columns: IColumns): void {
    if (columns.tS.length === 0) {
      return;
    }
    const added = columns.tS.map((tS, index) => ({
      tS,
      rssBytes: columns.rssBytes[index] ?? 0,
      peakBytes: columns.peakBytes[index] ?? 0,
      childrenBytes: columns.childrenBytes[index] ?? 0,
      gpuBytes: columns.gpuBytes[index] ?? 0
    }));
    const firstS = added.reduce(
      (least, { tS }) => Math.min(least, tS),
      Infinity
    );
    const tail = this._samples.splice(this._indexAt(firstS));
    const ordered = [...tail, ...added].sort((a, b) => a.tS - b.tS);
    for (const [index, sample] of ordered.entries()) {
      if (ordered[index + 1]?.tS !== sample.tS) {
        this._samples.push(sample);
      }
    }
    while (this._samples.length > this._capacity) {
      this._thin();
    }
  }

  /**
   * The times at which a process of the kernel ended: no line leads across them.
   */
  get breaksS(): readonly number[] {
    return this._breaksS;
  }

  /**
   * Note that the kernel's process has ended.
   */
  breakAt(tS: number): void {
    this._breaksS.push(tS);
  }

  /**
   * The readings since a time, with the last one before it.
   */
  since(fromS: number): IColumns {
    const samples = this._samples.slice(Math.max(0, this._indexAt(fromS) - 1));
    return {
      tS: samples.map(sample => sample.tS),
      rssBytes: samples.map(sample => sample.rssBytes),
      peakBytes: samples.map(sample => sample.peakBytes),
      childrenBytes: samples.map(sample => sample.childrenBytes),
      gpuBytes: samples.map(sample => sample.gpuBytes)
    };
  }

  /**
   * The index of the first reading that is not earlier than a time.
   */
  private _indexAt(tS: number): number {
    let low = 0;
    let high = this._samples.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((this._samples[middle]?.tS ?? Infinity) < tS) {
        low = middle + 1;
      } else {
        high = middle;
      }
    }
    return low;
  }

  private _thin(): void {
    const half = this._samples.length >> 1;
    const thinned: ISample[] = [];
    for (const [index, sample] of this._samples.slice(0, half).entries()) {
      const earlier = index % 2 === 1 ? thinned.pop() : undefined;
      const peakBytes = Math.max(sample.peakBytes, earlier?.peakBytes ?? 0);
      thinned.push({ ...sample, peakBytes });
    }
    this._samples = [...thinned, ...this._samples.slice(half)];
  }

  private _samples: ISample[] = [];
  private readonly _breaksS: number[] = [];
  private readonly _capacity: number;
}
