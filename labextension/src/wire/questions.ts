import type { IDisposable } from '@lumino/disposable';

import type { IForeign, IUnreadable } from './parse';
import type { LabMessage, Reply } from './protocol';
import type { IControlSender } from './request';
import { ControlRequest } from './request';

/**
 * A reply, or `null` if the kernel did not handle the request.
 */
export type Answer = Reply | IForeign | IUnreadable | null;

/**
 * Asks a kernel questions on the control channel, each with one answer.
 */
export class Questions implements IDisposable {
  constructor(kernel: IControlSender) {
    this._kernel = kernel;
  }

  /**
   * Ask a question. Without an answer, as from a kernel that restarts, the promise
   * is settled when this is disposed.
   */
  async ask(message: LabMessage): Promise<Answer> {
    return new Promise(resolve => {
      const settle = (answer: Answer): void => {
        this._open.delete(settle);
        request.dispose();
        resolve(answer);
      };
      const request = new ControlRequest({
        kernel: this._kernel,
        message,
        onReply: settle,
        onUnhandled: () => {
          settle(null);
        },
        onSlow: () => undefined
      });
      this._open.add(settle);
    });
  }

  get isDisposed(): boolean {
    return this._isDisposed;
  }

  dispose(): void {
    this._isDisposed = true;
    for (const settle of this._open) {
      settle(null);
    }
  }

  private readonly _kernel: IControlSender;
  private readonly _open = new Set<(answer: Answer) => void>();
  private _isDisposed = false;
}
