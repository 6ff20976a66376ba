import type { Kernel } from '@jupyterlab/services';

import { isInstalled, loadExtension } from './execute';
import { readLanguage } from './language';
import type { ChannelStatus } from './status';

/**
 * Finds out what a kernel is, and loads the extension into it.
 */
export class Handshake {
  constructor(options: Handshake.IOptions) {
    this._options = options;
  }

  /**
   * Subscribe if the kernel runs Python.
   */
  async begin(): Promise<void> {
    const { kernel, canSubscribe, subscribe, onStatus, isDisposed } =
      this._options;
    const language = await readLanguage(kernel);
    if (isDisposed()) {
      return;
    }
    if (language !== 'python' || !canSubscribe) {
      onStatus({ kind: 'unsupported', language });
    } else {
      subscribe();
    }
  }

  /**
   * Find out why an idle kernel does not answer.
   */
  async probe(): Promise<void> {
    const { kernel, ignore, isProbing, isAutoloading, onStatus } =
      this._options;
    if (!isProbing()) {
      onStatus({ kind: 'not-loaded', error: null });
      return;
    }
    const found = await isInstalled(kernel, ignore);
    if (this._options.isDisposed() || this._options.isLive()) {
      return;
    }
    if (found === false) {
      onStatus({ kind: 'not-installed' });
    } else if (isAutoloading() && !this._hasAutoloaded) {
      this._hasAutoloaded = true;
      await this.load();
    } else {
      onStatus({ kind: 'not-loaded', error: null });
    }
  }

  /**
   * Load the extension into the kernel, and subscribe.
   */
  async load(): Promise<void> {
    const { kernel, ignore, subscribe, onStatus, isDisposed } = this._options;
    onStatus({ kind: 'connecting' });
    const error = await loadExtension(kernel, ignore);
    if (error !== null) {
      onStatus({ kind: 'not-loaded', error });
    } else if (!isDisposed()) {
      subscribe();
    }
  }

  /**
   * Note that another process of the kernel has started.
   */
  restart(): void {
    this._hasAutoloaded = false;
  }

  private readonly _options: Handshake.IOptions;
  private _hasAutoloaded = false;
}

export namespace Handshake {
  export interface IOptions {
    kernel: Kernel.IKernelConnection;
    /** Whether requests can be sent on the control channel. */
    canSubscribe: boolean;
    subscribe: () => void;
    /** Called with the id of each execution that is not the user's. */
    ignore: (messageId: string) => void;
    /** Whether to find out why a kernel does not answer. */
    isProbing: () => boolean;
    /** Whether to load the extension into a kernel that has not loaded it. */
    isAutoloading: () => boolean;
    isDisposed: () => boolean;
    /** Whether the kernel sends readings. */
    isLive: () => boolean;
    onStatus: (status: ChannelStatus) => void;
  }
}
