import { UUID } from '@lumino/coreutils';
import type { IDisposable } from '@lumino/disposable';

import type { Foreign } from './parse';
import type { Reply } from './protocol';
import { PROTOCOL_VERSION } from './protocol';
import type { IControlSender } from './request';
import { ControlRequest } from './request';

/**
 * This page's claim to a kernel's broadcasts.
 *
 * The kernel grants a number of them, so a page that goes without a word is
 * forgotten. While somebody looks the claim is renewed when a quarter is left.
 */
export class Subscription implements IDisposable {
  constructor(options: Subscription.IOptions) {
    this._options = options;
  }

  get isDisposed(): boolean {
    return this._isDisposed;
  }

  /**
   * Ask for a snapshot and for broadcasts; a request that is open is dropped.
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
   * Renew the claim if it runs out. A page that nobody sees lets it run out.
   */
  renew(): void {
    const isAsking = this._request?.isDisposed === false;
    if (this._credit <= this._renewAt && !isAsking && !document.hidden) {
      this.open();
    }
  }

  /**
   * Take note that the kernel has forgotten about this page.
   */
  forfeit(): void {
    this._credit = 0;
    this._renewAt = 0;
  }

  /**
   * Give the claim back.
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
      // It disposes of itself when it is answered, or found to be unhandled.
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
    onReply: (reply: Reply | Foreign, sentS: number) => void;
    /** Nobody in the kernel knows of subscriptions. */
    onUnhandled: () => void;
    /** The kernel takes its time, and may answer yet. */
    onSlow: () => void;
  }
}
