import type { ServerReading } from './protocol';
import type { KernelReader } from './server';
import type { ChannelStatus } from './status';

const SILENCE_S = 0.8;
const FAST_S = 0.5;
const SLOW_S = 2;

/**
 * What decides whether the server is asked.
 */
export interface IOverlayState {
  status: ChannelStatus;
  isExecuting: boolean;
  /** How long the kernel has sent nothing. */
  silentForS: number;
}

/**
 * How often to ask the server, `null` for not now.
 *
 * Never for an idle kernel beyond the first reading: its memory stands still, and
 * a server that is asked all the time looks used.
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
 * Asks the server for the readings that the kernel cannot give.
 */
export class ServerOverlay {
  constructor(options: ServerOverlay.IOptions) {
    this._options = options;
  }

  /**
   * Ask if it is time to; called often.
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
      // JupyterLab tells about a lost server; here the figures just grow stale.
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
