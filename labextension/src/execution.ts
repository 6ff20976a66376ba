import type { Kernel, KernelMessage } from '@jupyterlab/services';

import { isIdle } from './request';

// The kernel takes these one after the other, so none ends while a cell runs.
const TAKES_TURNS = new Set([
  'complete_request',
  'execute_request',
  'inspect_request',
  'kernel_info_request'
]);

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
    this._running.delete(messageId);
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
   * Take the kernel's word that no cell has begun and not ended.
   */
  settle(): void {
    this._isUnknownRunning = false;
  }

  /**
   * Take note of a message; returns whether a cell has ended with it.
   */
  hasEnded(message: KernelMessage.IIOPubMessage): boolean {
    const parent = message.parent_header;
    if (
      message.header.msg_type !== 'status' ||
      !('msg_type' in parent) ||
      !TAKES_TURNS.has(parent.msg_type)
    ) {
      return false;
    }
    const isIdleNow = isIdle(message.content);
    if (isIdleNow) {
      // Whatever ran when the page came has ended.
      this._isUnknownRunning = false;
    }
    if (
      parent.msg_type !== 'execute_request' ||
      this._ignored.has(parent.msg_id)
    ) {
      return false;
    }
    if (isIdleNow) {
      this._running.delete(parent.msg_id);
    } else {
      this._running.add(parent.msg_id);
    }
    return isIdleNow;
  }

  private readonly _running = new Set<string>();
  private readonly _ignored = new Set<string>();
  private _isUnknownRunning: boolean;
}
