import { UUID } from '@lumino/coreutils';
import type { IDisposable } from '@lumino/disposable';

import type { IForeign, IUnreadable } from './parse';
import type { Reply } from './protocol';
import { PROTOCOL_VERSION } from './protocol';
import type { IControlSender } from './request';
import { ControlRequest } from './request';

/**
 * This page's subscription to a kernel's broadcasts.
 *
 * The kernel grants a number of them, so the subscription of a closed page
 * expires. While the page is visible, it is renewed when a quarter is left.
 */
export class Subscription implements IDisposable {
  constructor(options: Subscription.IOptions) {
    this._options = options;
  }

  get isDisposed(): boolean {
    return this._isDisposed;
  }

  /**
   * Request a snapshot and broadcasts; replaces a pending request.
   */
  open(): void {
    const { kernel, sinceS, onReply, onUnhandled, onSlow } = this._options;
    this._request?.dispose();
    this._request = new ControlRequest({
      kernel,
      message: {
        type: 'subscribe',
        protocol: PROTOCOL_VERSION,
        client_id: this._clientId,
        since_s: sinceS()
      },
      onReply: (reply, sentS) => {
        if (reply.type === 'snapshot') {
          this._credit = reply.credit;
          this._renewAt = reply.credit / 4;
        }
        onReply(reply, sentS);
      },
      onUnhandled,
      onSlow
    });
  }

  /**
   * Count a broadcast.
   */
  spend(): void {
    this._credit -= 1;
    this.renew();
  }

  /**
   * Renew the subscription if it is running out, unless the page is hidden.
   */
  renew(): void {
    const isAsking = this._request?.isDisposed === false;
    if (this._credit <= this._renewAt && !isAsking && !document.hidden) {
      this.open();
    }
  }

  /**
   * Handle that the kernel no longer knows this page.
   */
  forfeit(): void {
    this._credit = 0;
    this._renewAt = 0;
  }

  /**
   * Cancel the subscription.
   */
  dispose(): void {
    if (this._isDisposed) {
      return;
    }
    this._isDisposed = true;
    const { kernel } = this._options;
    const isAsking = this._request?.isDisposed === false;
    this._request?.dispose();
    if (
      (this._credit > 0 || isAsking) &&
      !kernel.isDisposed &&
      kernel.status !== 'dead' &&
      kernel.connectionStatus === 'connected'
    ) {
      // It disposes itself when it is answered or turns out to be unhandled.
      this._request = new ControlRequest({
        kernel,
        message: {
          type: 'unsubscribe',
          protocol: PROTOCOL_VERSION,
          client_id: this._clientId
        },
        onReply: () => undefined,
        onUnhandled: () => undefined,
        onSlow: () => undefined
      });
    }
  }

  private readonly _options: Subscription.IOptions;
  private readonly _clientId = UUID.uuid4();
  private _request: ControlRequest | null = null;
  private _credit = 0;
  private _renewAt = 0;
  private _isDisposed = false;
}

export namespace Subscription {
  export interface IOptions {
    kernel: IControlSender;
    /** The time of the last reading that the page has, 0 for none. */
    sinceS: () => number;
    onReply: (reply: Reply | IForeign | IUnreadable, sentS: number) => void;
    /** The kernel does not handle subscriptions. */
    onUnhandled: () => void;
    /** The kernel has not answered yet. */
    onSlow: () => void;
  }
}
