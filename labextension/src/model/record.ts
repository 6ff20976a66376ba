import type {
  Broadcast,
  IActivity,
  IPresent,
  ISampleColumns,
  ISnapshot
} from '../wire/protocol';
import { CellLedger } from './ledger';
import { LatestReading } from './readings';
import { Timeline } from './timeline';

/**
 * What a kernel has reported: its readings, its cells and its present figures.
 */
export class KernelRecord {
  readonly timeline = new Timeline();
  readonly readings = new LatestReading();
  readonly ledger = new CellLedger();

  /**
   * The last report on what no history is kept of.
   */
  get present(): IPresent | null {
    return this._present;
  }

  /**
   * The last report on the progress of running work.
   */
  get activity(): IActivity | null {
    return this._activity;
  }

  /**
   * The kernel's memory on all GPUs, or the whole use where that is unknown.
   */
  get gpuBytes(): number {
    const gpus = this._present?.gpus ?? [];
    return gpus.reduce(
      (sum, gpu) => sum + (gpu.processBytes ?? gpu.usedBytes),
      0
    );
  }

  add(message: Broadcast | ISnapshot): void {
    switch (message.type) {
      case 'snapshot':
        this._addSamples(message.samples, message.present);
        this.ledger.add(message.cells);
        this.ledger.run(message.running);
        this._activity = message.activity;
        break;
      case 'samples':
        this._addSamples(message.samples, message.present);
        this.ledger.run(message.running);
        this._activity = message.activity;
        break;
      case 'cells':
        this.ledger.add(message.cells);
        break;
      case 'goodbye':
        this.rest();
        break;
    }
  }

  /**
   * Forget what runs, because the kernel does not report any more.
   */
  rest(): void {
    this.ledger.run(null);
    this._activity = null;
  }

  /**
   * Keep what is known of the kernel's process, apart from the next one's.
   */
  end(endedS: number): void {
    this.timeline.breakAt(endedS);
    this.ledger.restart(endedS);
    this.readings.clear();
    this._activity = null;
    this._present = null;
  }

  private _addSamples(samples: ISampleColumns, present: IPresent): void {
    this._present = present;
    const { gpuBytes } = this;
    this.timeline.merge({
      ...samples,
      gpuBytes: samples.tS.map(() => gpuBytes)
    });
    const tS = samples.tS.at(-1);
    const rssBytes = samples.rssBytes.at(-1);
    if (tS !== undefined && rssBytes !== undefined) {
      const { childrenBytes, gauge } = present;
      const source = 'kernel';
      this.readings.offer({ tS, rssBytes, childrenBytes, gauge, source });
    }
  }

  private _present: IPresent | null = null;
  private _activity: IActivity | null = null;
}
