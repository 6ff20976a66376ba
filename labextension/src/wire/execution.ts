import type { Kernel, KernelMessage } from '@jupyterlab/services';

import { isIdle } from './request';

// The kernel handles these sequentially, so none ends while a cell is running.
const TAKES_TURNS = new Set([
  'complete_request',
  'execute_request',
  'inspect_request',
  'kernel_info_request'
]);

/**
 * Tracks whether a cell is running, from the messages that belong to cells.
 *
 * `kernel.status` is not enough: the kernel publishes "idle" after every
 * request on the control channel, even in the middle of a cell.
 */
export class Execution {
  constructor(status: Kernel.Status) {
    this._isUnknownRunning = status === 'busy';
  }

  get isRunning(): boolean {
    return this._isUnknownRunning || this._running.size > 0;
  }

  /**
   * Ignore an execution that is ours, not the user's.
   */
  readonly ignore = (messageId: string): void => {
    this._ignored.add(messageId);
    this._running.delete(messageId);
  };

  /**
   * Handle a message that this page sends, which may start a cell.
   *
   * A C call that holds the GIL from the start delays the kernel's "busy".
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
   * Handle the kernel's report that no cell is running.
   */
  settle(): void {
    this._isUnknownRunning = false;
  }

  /**
   * Handle a message from the kernel; returns whether a cell has ended with it.
   */
  handle(message: KernelMessage.IIOPubMessage): boolean {
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
      // A cell that was running when the page was opened has ended.
      this._isUnknownRunning = false;
    }
    if (parent.msg_type !== 'execute_request') {
      return false;
    }
    if (this._ignored.has(parent.msg_id)) {
      if (isIdleNow) {
        this._ignored.delete(parent.msg_id);
      }
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
