import type { Kernel, KernelMessage } from '@jupyterlab/services';

import { isIdle } from './request';

/**
 * Whether a cell runs, told from the messages that belong to cells.
 *
 * `kernel.status` does not do: the kernel publishes "idle" after every request on
 * the control channel, also in the middle of a cell.
 */
export class Execution {
  constructor(status: Kernel.Status) {
    this._isUnknownRunning = status === 'busy';
  }

  get isRunning(): boolean {
    return this._isUnknownRunning || this._running.size > 0;
  }

  /**
   * Take an execution for none of the user's: it is one of ours.
   */
  readonly ignore = (messageId: string): void => {
    this._ignored.add(messageId);
  };

  /**
   * Take note of what this page sends: a cell of its own begins.
   *
   * A C call that holds the GIL from the start keeps the kernel's "busy" back.
   */
  begin(message: KernelMessage.IMessage): void {
    if (
      message.header.msg_type === 'execute_request' &&
      'silent' in message.content &&
      message.content.silent !== true
    ) {
      this._running.add(message.header.msg_id);
    }
  }

  /**
   * Take note of a message; returns whether a cell has ended with it.
   */
  hasEnded(message: KernelMessage.IIOPubMessage): boolean {
    const parent = message.parent_header;
    if (
      message.header.msg_type !== 'status' ||
      !('msg_type' in parent) ||
      parent.msg_type !== 'execute_request' ||
      this._ignored.has(parent.msg_id)
    ) {
      return false;
    }
    if (!isIdle(message.content)) {
      this._running.add(parent.msg_id);
      return false;
    }
    // The first cell to end is the one that ran when the page came.
    this._isUnknownRunning = false;
    this._running.delete(parent.msg_id);
    return true;
  }

  private readonly _running = new Set<string>();
  private readonly _ignored = new Set<string>();
  private _isUnknownRunning: boolean;
}
