import type { ServerReading } from './protocol';
import type { KernelReader } from './server';
import type { ChannelStatus } from './status';

const SILENCE_S = 0.8;
const FAST_S = 0.5;
const SLOW_S = 2;

/**
 * The state that determines whether the server is polled.
 */
export interface IOverlayState {
  status: ChannelStatus;
  isExecuting: boolean;
  /** The time since the last message from the kernel. */
  silentForS: number;
}

/**
 * The interval for polling the server, `null` for not now.
 *
 * An idle kernel is read only once, because its memory does not change and a
 * server that is polled looks active.
 */
export function pollInterval(state: IOverlayState): number | null {
  if (!state.isExecuting) {
    return null;
  }
  switch (state.status.kind) {
    case 'live':
      return state.silentForS > SILENCE_S ? FAST_S : null;
    case 'connecting':
    case 'busy':
      return FAST_S;
    case 'not-loaded':
    case 'not-installed':
    case 'unsupported':
    case 'incompatible':
      return SLOW_S;
    case 'no-session':
    case 'no-kernel':
    case 'lost':
      return null;
  }
}

/**
 * Requests readings from the server while the kernel cannot send them.
 */
export class ServerOverlay {
  constructor(options: ServerOverlay.IOptions) {
    this._options = options;
  }

  /**
   * Poll if it is time; called often.
   */
  update(state: IOverlayState, nowS: number): void {
    const { kind } = state.status;
    const isFirst =
      !this._hasAsked &&
      ['not-loaded', 'not-installed', 'unsupported', 'incompatible'].includes(
        kind
      );
    const intervalS = isFirst ? 0 : pollInterval(state);
    const isDue = intervalS !== null && nowS - this._askedS >= intervalS;
    if (isDue && !this._isAsking && this._isAvailable) {
      this._askedS = nowS;
      this._hasAsked = true;
      void this._ask();
    }
  }

  private async _ask(): Promise<void> {
    const { read, kernelId, onReading } = this._options;
    this._isAsking = true;
    try {
      const reading = await read(kernelId);
      if (reading === null) {
        this._isAvailable = false;
      } else {
        onReading(reading);
      }
    } catch {
      // JupyterLab reports a lost server; here the figures just become stale.
    } finally {
      this._isAsking = false;
    }
  }

  private readonly _options: ServerOverlay.IOptions;
  private _askedS = -Infinity;
  private _hasAsked = false;
  private _isAsking = false;
  private _isAvailable = true;
}

export namespace ServerOverlay {
  export interface IOptions {
    read: KernelReader;
    kernelId: string;
    onReading: (reading: ServerReading) => void;
  }
}
