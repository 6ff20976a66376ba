import type { Kernel, KernelMessage } from '@jupyterlab/services';
import type { IDisposable } from '@lumino/disposable';
import type { ISignal } from '@lumino/signaling';
import { Signal } from '@lumino/signaling';

import { act, enableCollector, runMagic } from './execute';
import { Execution } from './execution';
import { Handshake } from './handshake';
import type { IForeign, IUnreadable } from './parse';
import { parseBroadcast } from './parse';
import type {
  Act,
  Broadcast,
  ISnapshot,
  LabMessage,
  Reply,
  Unload
} from './protocol';
import { BROADCAST_TYPE, PROTOCOL_VERSION } from './protocol';
import type { Answer } from './questions';
import { Questions } from './questions';
import { isControlSender } from './request';
import type { ChannelStatus } from './status';
import { Subscription } from './subscription';

/**
 * A message from the kernel, and the time at which it was sent.
 */
export interface IReceived {
  message: Broadcast | ISnapshot;
  sentS: number;
}

/**
 * The page's side of the protocol with one kernel, while the sidebar is open.
 *
 * It listens to broadcasts from the start, because a busy kernel sends nothing
 * else.
 */
export class KernelChannel implements IDisposable {
  constructor(options: KernelChannel.IOptions) {
    this._kernel = options.kernel;
    this._execution = new Execution(this._kernel.status);
    if (isControlSender(options.kernel)) {
      this._questions = new Questions(options.kernel);
      this._subscription = new Subscription({
        kernel: options.kernel,
        sinceS: options.sinceS,
        onReply: this._handleReply.bind(this),
        onUnhandled: this._handleUnhandled.bind(this),
        onSlow: () => {
          if (this._status.kind === 'connecting') {
            this._setStatus({ kind: 'busy' });
          }
        }
      });
    }
    this._handshake = new Handshake({
      kernel: options.kernel,
      canSubscribe: this._subscription !== null,
      subscribe: () => this._subscription?.open(),
      ignore: messageId => {
        this._execution.ignore(messageId);
      },
      isProbing: options.isProbing,
      isAutoloading: options.isAutoloading,
      isDisposed: () => this._isDisposed,
      isLive: () => this._status.kind === 'live',
      onStatus: status => {
        this._setStatus(status);
      }
    });
    this._kernel.anyMessage.connect(this._onAnyMessage, this);
    this._kernel.iopubMessage.connect(this._onIOPub, this);
    this._kernel.statusChanged.connect(this._onKernelStatus, this);
    this._kernel.connectionStatusChanged.connect(this._onConnection, this);
  }

  get status(): ChannelStatus {
    return this._status;
  }

  get statusChanged(): ISignal<this, ChannelStatus> {
    return this._statusChanged;
  }

  get received(): ISignal<this, IReceived> {
    return this._received;
  }

  /**
   * Emitted when another process has taken the place of the kernel's without
   * JupyterLab's knowledge, because another page or program restarted it; with the time
   * at which the earlier one was last heard.
   */
  get replaced(): ISignal<this, number> {
    return this._replaced;
  }

  /**
   * Whether any client's cell is running in the kernel.
   */
  get isExecuting(): boolean {
    return this._execution.isRunning;
  }

  get isDisposed(): boolean {
    return this._isDisposed;
  }

  /**
   * Start or restart: find out what the kernel is, and subscribe.
   */
  connect(): void {
    if (this._kernel.status === 'dead') {
      this._setStatus({ kind: 'lost', reason: 'died' });
    } else if (this._kernel.connectionStatus === 'disconnected') {
      this._setStatus({ kind: 'lost', reason: 'disconnected' });
    } else {
      this._setStatus({ kind: 'connecting' });
      this._handshake.begin().catch((reason: unknown) => {
        console.warn(
          'jupyter_memkit: the kernel did not report its language',
          reason
        );
      });
    }
  }

  /**
   * Renew what expired while the page was hidden.
   */
  renew(): void {
    if (this._status.kind === 'live') {
      this._subscription?.renew();
    }
  }

  /**
   * Load the extension into the kernel.
   */
  async load(): Promise<void> {
    await this._handshake.load();
  }

  /**
   * Run a magic of the kit after the running cell.
   */
  async runMagic(name: string, line: string): Promise<void> {
    const ignore = this._execution.ignore;
    throwIfAny(await runMagic(this._kernel, ignore, name, line));
  }

  /**
   * Undo `gc.disable()` after the running cell.
   */
  async enableCollector(): Promise<void> {
    throwIfAny(await enableCollector(this._kernel, this._execution.ignore));
  }

  /**
   * Ask the kernel a question between cells.
   */
  async ask(message: LabMessage): Promise<Answer> {
    return (await this._questions?.ask(message)) ?? null;
  }

  /**
   * Change a variable after the running cell.
   */
  async act(request: Act | Unload): Promise<Answer> {
    return act(this._kernel, this._execution.ignore, request);
  }

  dispose(): void {
    if (this._isDisposed) {
      return;
    }
    this._isDisposed = true;
    this._kernel.anyMessage.disconnect(this._onAnyMessage, this);
    this._kernel.iopubMessage.disconnect(this._onIOPub, this);
    this._kernel.statusChanged.disconnect(this._onKernelStatus, this);
    this._kernel.connectionStatusChanged.disconnect(this._onConnection, this);
    this._questions?.dispose();
    this._subscription?.dispose();
    Signal.clearData(this);
  }

  private _handleReply(
    reply: Reply | IForeign | IUnreadable,
    sentS: number
  ): void {
    switch (reply.type) {
      case 'snapshot':
        if (reply.running === null) {
          this._execution.settle();
        }
        this._setStatus({ kind: 'live' });
        this._received.emit({ message: reply, sentS });
        break;
      case 'incompatible':
      case 'foreign':
        this._setIncompatible(reply.protocol);
        break;
      case 'unreadable':
        this._setUnreadable(reply.reason);
        break;
      case 'refused':
        console.error('jupyter_memkit: the kernel refused:', reply.message);
        this._setStatus({ kind: 'lost', reason: 'refused' });
        break;
      default:
        break;
    }
  }

  private _handleUnhandled(): void {
    this._subscription?.forfeit();
    if (this._execution.isRunning) {
      this._setStatus({ kind: 'busy' });
    } else if (this._status.kind !== 'not-loaded') {
      this._handshake.probe().catch((reason: unknown) => {
        console.warn(
          'jupyter_memkit: the kernel was lost during a request',
          reason
        );
      });
    }
  }

  private _onAnyMessage(
    _kernel: Kernel.IKernelConnection,
    { direction, msg }: Kernel.IAnyMessageArgs
  ): void {
    if (direction === 'send') {
      this._execution.begin(msg);
    }
  }

  private _onIOPub(
    _kernel: Kernel.IKernelConnection,
    message: KernelMessage.IIOPubMessage
  ): void {
    this._identifyProcess(message);
    if (this._execution.handle(message)) {
      // The cell may have installed the package, or loaded the extension.
      if (['busy', 'not-loaded', 'not-installed'].includes(this._status.kind)) {
        this._subscription?.open();
      }
    } else if (
      // A type that Jupyter's own messages do not have.
      (message.header.msg_type as string) === BROADCAST_TYPE
    ) {
      this._handleBroadcast(message.content, message.header.date);
    }
  }

  /**
   * Notice the first message of another process: each has a session of its own.
   */
  private _identifyProcess({
    header,
    content
  }: KernelMessage.IIOPubMessage): void {
    const sentS = Date.parse(header.date) / 1000;
    if (header.session === this._session) {
      this._heardS = sentS;
      return;
    }
    if (header.msg_type !== 'status' || !isOwnState(content)) {
      return;
    }
    const isOther = this._session !== null;
    const endedS = this._heardS;
    this._session = header.session;
    this._heardS = sentS;
    // Other kernels may write something else there.
    if (isOther && this._status.kind === 'live') {
      this._forgetProcess();
      // The other one has read its memory before this message of its own.
      this._replaced.emit(endedS);
      this.connect();
    }
  }

  private _forgetProcess(): void {
    this._handshake.restart();
    this._execution = new Execution('idle');
    this._subscription?.forfeit();
    this._setStatus({ kind: 'connecting' });
  }

  private _handleBroadcast(data: unknown, date: string): void {
    const sentS = Date.parse(date) / 1000;
    const message = parseBroadcast(data);
    if (message.type === 'foreign') {
      this._setIncompatible(message.protocol);
      return;
    }
    if (message.type === 'unreadable') {
      this._setUnreadable(message.reason);
      return;
    }
    if (message.type === 'goodbye') {
      this._subscription?.forfeit();
      this._setStatus({ kind: 'not-loaded', error: null });
    } else {
      this._setStatus({ kind: 'live' });
      this._subscription?.spend();
    }
    this._received.emit({ message, sentS });
  }

  private _onKernelStatus(
    _kernel: Kernel.IKernelConnection,
    status: Kernel.Status
  ): void {
    if (status === 'restarting' || status === 'autorestarting') {
      this._isRestarting = true;
      this._forgetProcess();
    } else if (status === 'dead' || status === 'terminating') {
      this._setStatus({ kind: 'lost', reason: 'died' });
    } else if (this._isRestarting && (status === 'idle' || status === 'busy')) {
      this._isRestarting = false;
      this.connect();
    }
  }

  private _onConnection(
    _kernel: Kernel.IKernelConnection,
    status: Kernel.ConnectionStatus
  ): void {
    if (status === 'disconnected') {
      this._setStatus({ kind: 'lost', reason: 'disconnected' });
    } else if (status === 'connecting' && this._status.kind === 'live') {
      // Nothing arrives until JupyterLab has restored the connection.
      this._setStatus({ kind: 'connecting' });
    } else if (status === 'connected' && !this._isRestarting) {
      // The end of a cell may have been lost with the connection.
      this._execution = new Execution(this._kernel.status);
      this.connect();
    }
  }

  private _setIncompatible(kernel: number): void {
    this._setStatus({ kind: 'incompatible', kernel, lab: PROTOCOL_VERSION });
  }

  private _setUnreadable(reason: string): void {
    // Readable messages may come in between.
    if (!this._hasLogged) {
      this._hasLogged = true;
      console.error(
        'jupyter_memkit: a message of the kernel is unreadable:',
        reason
      );
    }
    this._setStatus({ kind: 'unreadable' });
  }

  private _setStatus(status: ChannelStatus): void {
    const isSame = JSON.stringify(status) === JSON.stringify(this._status);
    if (!isSame && !this._isDisposed) {
      this._status = status;
      this._statusChanged.emit(status);
    }
  }

  private readonly _kernel: Kernel.IKernelConnection;
  private readonly _handshake: Handshake;
  private readonly _statusChanged = new Signal<this, ChannelStatus>(this);
  private readonly _received = new Signal<this, IReceived>(this);
  private readonly _replaced = new Signal<this, number>(this);
  private readonly _questions: Questions | null = null;
  private readonly _subscription: Subscription | null = null;
  private _execution: Execution;
  private _status: ChannelStatus = { kind: 'connecting' };
  private _session: string | null = null;
  private _heardS = 0;
  private _hasLogged = false;
  private _isRestarting = false;
  private _isDisposed = false;
}

export namespace KernelChannel {
  export interface IOptions {
    kernel: Kernel.IKernelConnection;
    /** The time of the last reading that the page has, 0 for none. */
    sinceS: () => number;
    /** Whether to find out why a kernel does not answer. */
    isProbing: () => boolean;
    /** Whether to load the extension into a kernel that has not loaded it. */
    isAutoloading: () => boolean;
  }
}

/**
 * Whether a state is one that the kernel publishes; the server publishes others for it.
 */
function isOwnState(content: object): boolean {
  return (
    'execution_state' in content &&
    ['starting', 'busy', 'idle'].includes(String(content.execution_state))
  );
}

function throwIfAny(error: string | null): void {
  if (error !== null) {
    throw new Error(error);
  }
}
