import type { Kernel, KernelMessage } from '@jupyterlab/services';
import { Signal } from '@lumino/signaling';

import { BROADCAST_TYPE, REPLY_TYPE } from '../../src/wire/protocol';
import type { IControlFuture, IControlMessage } from '../../src/wire/request';

function now(aheadS = 0): string {
  return new Date(Date.now() + aheadS * 1000).toISOString();
}

/**
 * A request that the page has sent, to be answered by the test.
 */
export class FakeFuture implements IControlFuture {
  constructor(
    readonly content: Record<string, unknown>,
    private readonly aheadS = 0
  ) {}

  readonly done = new Promise<never>(() => undefined);
  onReply: (message: IControlMessage) => void = () => undefined;
  onIOPub: (message: IControlMessage) => void = () => undefined;
  isDisposed = false;

  dispose(): void {
    this.isDisposed = true;
    this.onReply = () => undefined;
    this.onIOPub = () => undefined;
  }

  reply(content: unknown, type = REPLY_TYPE): void {
    this.onReply({
      header: { msg_type: type, date: now(this.aheadS) },
      content
    });
  }

  /** The kernel is through with the request. */
  idle(): void {
    this.onIOPub({
      header: { msg_type: 'status', date: now() },
      content: { execution_state: 'idle' }
    });
  }
}

/**
 * What a kernel connection does for the sidebar, done by hand.
 */
export class FakeKernel {
  readonly id = 'kernel-1';
  readonly clientId = 'client';
  readonly username = 'user';
  readonly anyMessage = new Signal<this, Kernel.IAnyMessageArgs>(this);
  readonly iopubMessage = new Signal<this, KernelMessage.IIOPubMessage>(this);
  readonly statusChanged = new Signal<this, Kernel.Status>(this);
  readonly connectionStatusChanged = new Signal<this, Kernel.ConnectionStatus>(
    this
  );
  readonly disposed = new Signal<this, void>(this);
  isDisposed = false;
  status: Kernel.Status = 'idle';
  connectionStatus: Kernel.ConnectionStatus = 'connected';
  language = 'python';
  reconnects = 0;
  interrupts = 0;
  /** How far the kernel's clock is ahead of the page's. */
  aheadS = 0;
  readonly requests: FakeFuture[] = [];
  readonly executed: string[] = [];
  /** What each silent execution evaluates to; the key is a part of the code. */
  results: Record<string, unknown> = {};
  /** Which process of the kernel sends its messages. */
  session = 'process-1';
  /** How many of the next executions a failed cell takes with it. */
  aborts = 0;

  get info(): Promise<unknown> {
    return Promise.resolve({ language_info: { name: this.language } });
  }

  spec: Promise<unknown> = Promise.resolve(undefined);

  /** As the type that the sidebar asks for; the rest of it is never called. */
  get connection(): Kernel.IKernelConnection {
    return this as unknown as Kernel.IKernelConnection;
  }

  get lastRequest(): FakeFuture {
    const last = this.requests.at(-1);
    if (!last) {
      throw new Error('The page has sent no request.');
    }
    return last;
  }

  /** The types of the requests so far. */
  get requestTypes(): unknown[] {
    return this.requests.map(request => request.content['type']);
  }

  sendControlMessage(message: {
    content: Record<string, unknown>;
  }): FakeFuture {
    const future = new FakeFuture(message.content, this.aheadS);
    this.requests.push(future);
    return future;
  }

  requestExecute(request: { user_expressions: { memkit: string } }): unknown {
    const expression = request.user_expressions.memkit;
    this.executed.push(expression);
    const isAborted = this.aborts > 0;
    this.aborts -= Number(isAborted);
    const found = Object.entries(this.results).find(
      ([part]) => !isAborted && expression.includes(part)
    );
    const messageId = `ours-${String(this.executed.length)}`;
    return {
      msg: { header: { msg_id: messageId } },
      done: Promise.resolve().then(() => {
        this.endCell(messageId);
        return { content: found?.[1] ?? { status: 'aborted' } };
      })
    };
  }

  reconnect(): Promise<void> {
    this.reconnects += 1;
    return Promise.resolve();
  }

  broadcast(message: unknown): void {
    this.publish(BROADCAST_TYPE, {}, message);
  }

  /** The message of a widget, or of another extension. */
  sendComm(data: unknown): void {
    this.publish('comm_msg', {}, { comm_id: 'a-comm', data });
  }

  /** The page sends a cell, of which the kernel says nothing yet. */
  sendCell(messageId = 'cell', silent = false): void {
    const msg = {
      header: { msg_type: 'execute_request', msg_id: messageId },
      content: { silent }
    };
    // As below.
    const args = {
      direction: 'send',
      msg
    } as unknown as Kernel.IAnyMessageArgs;
    this.anyMessage.emit(args);
  }

  beginCell(messageId = 'cell'): void {
    this.publishState('busy', messageId);
  }

  endCell(messageId = 'cell'): void {
    this.publishState('idle', messageId);
  }

  interrupt(): Promise<void> {
    this.interrupts += 1;
    return Promise.resolve();
  }

  changeStatus(status: Kernel.Status): void {
    this.status = status;
    this.statusChanged.emit(status);
  }

  changeConnection(status: Kernel.ConnectionStatus): void {
    this.connectionStatus = status;
    this.connectionStatusChanged.emit(status);
  }

  publishState(
    state: string,
    messageId: string,
    type = 'execute_request'
  ): void {
    const parent = { msg_type: type, msg_id: messageId };
    this.publish('status', parent, { execution_state: state });
  }

  private publish(type: string, parent: object, content: unknown): void {
    const message = {
      header: {
        msg_type: type,
        date: now(this.aheadS),
        session: this.session
      },
      parent_header: parent,
      content
    };
    // A message has many more fields, which nothing here reads.
    this.iopubMessage.emit(message as unknown as KernelMessage.IIOPubMessage);
  }
}

export function evaluated(text: string): unknown {
  const memkit = { status: 'ok', data: { 'text/plain': text } };
  return { status: 'ok', user_expressions: { memkit } };
}

export function raised(ename: string, evalue: string): unknown {
  const memkit = { status: 'error', ename, evalue };
  return { status: 'ok', user_expressions: { memkit } };
}

/**
 * Let promises that are settled be followed.
 */
export async function settle(): Promise<void> {
  for (let turn = 0; turn < 20; turn += 1) {
    await Promise.resolve();
  }
}
