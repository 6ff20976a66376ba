import type { Kernel } from '@jupyterlab/services';
import { UUID } from '@lumino/coreutils';
import type { IDisposable } from '@lumino/disposable';

import type { IForeign, IUnreadable } from './parse';
import { parseReply } from './parse';
import type { LabMessage, Reply } from './protocol';
import { REPLY_TYPE, REQUEST_TYPE } from './protocol';

/**
 * The part of a kernel's message that is used here.
 */
export interface IControlMessage {
  readonly header: { readonly msg_type: string; readonly date: string };
  readonly content: unknown;
}

export interface IControlFuture extends IDisposable {
  readonly done: Promise<unknown>;
  onReply: (message: IControlMessage) => void;
  onIOPub: (message: IControlMessage) => void;
}

/**
 * A kernel connection that can send any message on the control channel.
 *
 * JupyterLab's connections can, but their interface allows only known messages.
 */
export interface IControlSender extends Pick<
  Kernel.IKernelConnection,
  'clientId' | 'connectionStatus' | 'isDisposed' | 'status' | 'username'
> {
  sendControlMessage(
    message: object,
    expectReply: boolean,
    disposeOnDone: boolean
  ): IControlFuture;
}

export function isControlSender(kernel: object): kernel is IControlSender {
  return (
    'sendControlMessage' in kernel &&
    typeof kernel.sendControlMessage === 'function'
  );
}

// The kernel sends "idle" after its reply, on another socket that may be
// faster.
const GRACE_MS = 500;
// JupyterLab holds back messages for 3 s after a reload during a busy cell.
const SLOW_MS = 5000;

/**
 * A request to the kernel, until it is answered or disposed.
 *
 * A reply counts however late it is, because a kernel in a long C call answers
 * only at its end.
 */
export class ControlRequest implements IDisposable {
  constructor(options: ControlRequest.IOptions) {
    const { kernel, message, onUnhandled, onSlow } = options;
    this._onReply = options.onReply;
    this._slowTimer = setTimeout(onSlow, SLOW_MS);
    this._future = kernel.sendControlMessage(
      {
        header: {
          date: new Date().toISOString(),
          msg_id: UUID.uuid4(),
          msg_type: REQUEST_TYPE,
          session: kernel.clientId,
          username: kernel.username,
          version: '5.3'
        },
        parent_header: {},
        metadata: {},
        buffers: [],
        channel: 'control',
        content: message
      },
      true,
      true
    );
    // A restart cancels the future; the channel then repeats the request.
    this._future.done.catch(() => undefined);
    this._future.onReply = reply => {
      this._handleReply(reply);
    };
    this._future.onIOPub = ({ header, content }) => {
      if (header.msg_type === 'status' && isIdle(content)) {
        this._graceTimer = setTimeout(() => {
          this.dispose();
          onUnhandled();
        }, GRACE_MS);
      }
    };
  }

  get isDisposed(): boolean {
    return this._isDisposed;
  }

  dispose(): void {
    if (this._isDisposed) {
      return;
    }
    this._isDisposed = true;
    clearTimeout(this._slowTimer);
    clearTimeout(this._graceTimer);
    this._future.dispose();
  }

  private _handleReply({ header, content }: IControlMessage): void {
    if (header.msg_type !== REPLY_TYPE) {
      return;
    }
    this.dispose();
    this._onReply(parseReply(content), Date.parse(header.date) / 1000);
  }

  private readonly _onReply: (
    reply: Reply | IForeign | IUnreadable,
    sentS: number
  ) => void;
  private readonly _future: IControlFuture;
  private readonly _slowTimer: ReturnType<typeof setTimeout>;
  private _graceTimer: ReturnType<typeof setTimeout> | undefined;
  private _isDisposed = false;
}

export namespace ControlRequest {
  export interface IOptions {
    kernel: IControlSender;
    message: LabMessage;
    onReply: (reply: Reply | IForeign | IUnreadable, sentS: number) => void;
    /** The kernel does not handle this kind of request. */
    onUnhandled: () => void;
    /** There has been no answer for a while; one may still come. */
    onSlow: () => void;
  }
}

export function isIdle(content: unknown): boolean {
  return (
    typeof content === 'object' &&
    content !== null &&
    'execution_state' in content &&
    content.execution_state === 'idle'
  );
}
