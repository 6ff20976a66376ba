import type { ISampleColumns } from '../wire/protocol';

/**
 * Readings as columns of equal length, oldest first.
 */
export interface IColumns extends ISampleColumns {
  /** The memory on GPUs. */
  readonly gpuBytes: readonly number[];
}

/**
 * Readings as the timeline keeps them, as columns of equal length.
 *
 * One of them may represent several earlier ones, with their last, lowest and highest
 * memory, and the highest of the other figures.
 */
export interface IKeptColumns extends IColumns {
  readonly lowBytes: readonly number[];
  readonly highBytes: readonly number[];
  /** The kernel and its child processes. */
  readonly togetherBytes: readonly number[];
}

type Reading = { [Column in keyof IKeptColumns]: number };

const SLOT_MIN_S = 1 / 16;

/**
 * The readings of one kernel in order of time, bounded in number.
 *
 * When it is full, the readings of its older three quarters in the same
 * slot of time become one: the past becomes coarser, evenly, and no spike is lost.
 */
export class Timeline {
  constructor(capacity = 8192) {
    this._capacity = capacity;
  }

  get length(): number {
    return this._readings.length;
  }

  /**
   * The time of the last reading, 0 if there is none.
   */
  get lastS(): number {
    return this._readings.at(-1)?.tS ?? 0;
  }

  get firstS(): number {
    return this._readings[0]?.tS ?? 0;
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
    this._breaksS = [...this._breaksS, tS]
      .sort((a, b) => a - b)
      .slice(-Math.max(1, this._capacity >> 2));
  }

  /**
   * Add readings, which may overlap with existing ones and be out of order.
   *
   * Of two readings with the same time, the added one is the last.
   */
  merge(columns: IColumns): void {
    const added = readingsOf(columns);
    const firstS = added.reduce(
      (least, { tS }) => Math.min(least, tS),
      Infinity
    );
    const tail = this._readings.splice(this._indexAt(firstS));
    for (const reading of [...tail, ...added].sort((a, b) => a.tS - b.tS)) {
      const last = this._readings.at(-1);
      if (last?.tS === reading.tS) {
        this._readings[this._readings.length - 1] = join(last, reading);
      } else {
        this._readings.push(reading);
      }
    }
    if (this._readings.length > this._capacity) {
      this._thin();
    }
  }

  /**
   * The readings of a stretch of time, with the one before and the one after it.
   */
  since(fromS: number, toS = Infinity): IKeptColumns {
    const readings = this._readings.slice(
      Math.max(0, this._indexAt(fromS) - 1),
      this._indexAt(toS) + 1
    );
    return {
      tS: readings.map(reading => reading.tS),
      rssBytes: readings.map(reading => reading.rssBytes),
      lowBytes: readings.map(reading => reading.lowBytes),
      highBytes: readings.map(reading => reading.highBytes),
      peakBytes: readings.map(reading => reading.peakBytes),
      childrenBytes: readings.map(reading => reading.childrenBytes),
      togetherBytes: readings.map(reading => reading.togetherBytes),
      gpuBytes: readings.map(reading => reading.gpuBytes)
    };
  }

  /**
   * The index of the first reading that is not earlier than a time.
   */
  private _indexAt(tS: number): number {
    let low = 0;
    let high = this._readings.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((this._readings[middle]?.tS ?? Infinity) < tS) {
        low = middle + 1;
      } else {
        high = middle;
      }
    }
    return low;
  }

  /**
   * Join the older readings in slots that are as short as the capacity allows.
   */
  private _thin(): void {
    const recentMax = this._capacity >> 2;
    const older = this._readings.slice(0, -recentMax);
    let kept = this._joinSlots(older);
    while (kept.length > this._capacity >> 1) {
      this._slotS *= 2;
      kept = this._joinSlots(older);
    }
    this._readings = [...kept, ...this._readings.slice(-recentMax)];
  }

  private _joinSlots(readings: readonly Reading[]): Reading[] {
    const joined: Reading[] = [];
    let lastSlot = NaN;
    let next = 0;
    for (const reading of readings) {
      const slot = Math.floor(reading.tS / this._slotS);
      const begin = next;
      while ((this._breaksS[next] ?? Infinity) < reading.tS) {
        next += 1;
      }
      const last = slot === lastSlot && next === begin ? joined.pop() : null;
      joined.push(last ? join(last, reading) : reading);
      lastSlot = slot;
    }
    return joined;
  }

  private _readings: Reading[] = [];
  private _breaksS: readonly number[] = [];
  private _slotS = SLOT_MIN_S;
  private readonly _capacity: number;
}

function readingsOf(columns: IColumns): Reading[] {
  return columns.tS.map((tS, index) => {
    const rssBytes = columns.rssBytes[index] ?? 0;
    const childrenBytes = columns.childrenBytes[index] ?? 0;
    return {
      tS,
      rssBytes,
      lowBytes: rssBytes,
      highBytes: rssBytes,
      peakBytes: columns.peakBytes[index] ?? 0,
      childrenBytes,
      togetherBytes: rssBytes + childrenBytes,
      gpuBytes: columns.gpuBytes[index] ?? 0
    };
  });
}

function join(earlier: Reading, later: Reading): Reading {
  return {
    tS: later.tS,
    rssBytes: later.rssBytes,
    lowBytes: Math.min(earlier.lowBytes, later.lowBytes),
    highBytes: Math.max(earlier.highBytes, later.highBytes),
    peakBytes: Math.max(earlier.peakBytes, later.peakBytes),
    childrenBytes: Math.max(earlier.childrenBytes, later.childrenBytes),
    togetherBytes: Math.max(earlier.togetherBytes, later.togetherBytes),
    gpuBytes: Math.max(earlier.gpuBytes, later.gpuBytes)
  };
}
