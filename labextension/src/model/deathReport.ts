import type { ISignal } from '@lumino/signaling';
import { Signal } from '@lumino/signaling';

import type { IKernelServer } from '../server/kernels';
import type { IDeath } from '../wire/protocol';

/**
 * The last death of a notebook's kernels, as the server keeps it until it is
 * dismissed.
 */
export class DeathReport {
  constructor(server: IKernelServer, kernelId: string) {
    this._server = server;
    this._kernelId = kernelId;
  }

  get changed(): ISignal<this, void> {
    return this._changed;
  }

  /**
   * The death, `null` if there was none, or it has been dismissed.
   */
  get death(): IDeath | null {
    return this._death;
  }

  /**
   * Ask the server.
   */
  ask(): void {
    this._server
      .readDeath(this._kernelId)
      .then(death => {
        this._set(death);
      })
      .catch((reason: unknown) => {
        console.warn(
          'jupyter_memkit: the server could not be asked about the kernel',
          reason
        );
      });
  }

  /**
   * Remove the report for good.
   */
  async dismiss(): Promise<void> {
    const death = this._death;
    if (death) {
      this._set(null);
      await this._server.dismissDeath(this._kernelId, death.id);
    }
  }

  private _set(death: IDeath | null): void {
    if (death?.id !== this._death?.id) {
      this._death = death;
      this._changed.emit();
    }
  }

  private readonly _server: IKernelServer;
  private readonly _kernelId: string;
  private readonly _changed = new Signal<this, void>(this);
  private _death: IDeath | null = null;
}
