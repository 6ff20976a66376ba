import type { KernelReader } from './server/kernels';
import type { IServerReading } from './wire/protocol';
import type { ChannelStatus } from './wire/status';

const SILENCE_S = 0.8;
const FAST_S = 0.5;
const SLOW_S = 2;
const IDLE_S = 5;
// After a failed answer, twice as long each time.
const BACKOFF_S = 2;
const BACKOFF_MAX_S = 60;

/**
 * The state that determines whether the server is polled.
 */
export interface IOverlayState {
  status: ChannelStatus;
  isExecuting: boolean;
  /** Whether the memory of other programs counts against the limit. */
  isShared?: boolean;
  /** The time since the last message from the kernel. */
  silentForS: number;
}

/**
 * The interval for polling the server, `null` for not now.
 *
 * The memory of an idle kernel does not change once it has reported the end of its last
 * cell; that of other programs, which may count against the same limit, does.
 */
export function pollInterval(state: IOverlayState): number | null {
  const { isExecuting } = state;
  switch (state.status.kind) {
    case 'live':
      if (!isExecuting) {
        return state.isShared ? IDLE_S : null;
      }
      return state.silentForS > SILENCE_S ? FAST_S : null;
    case 'connecting':
    case 'busy':
      return isExecuting ? FAST_S : null;
    case 'not-loaded':
    case 'not-installed':
    case 'unsupported':
    case 'incompatible':
    case 'unreadable':
      return isExecuting ? SLOW_S : IDLE_S;
    case 'no-session':
    case 'no-kernel':
    case 'lost':
      return null;
  }
}

/**
 * Requests readings from the server while the kernel cannot send them.
 *
 * An answer that fails is repeated later and later: the server may be restarting.
 */
export class ServerOverlay {
  constructor(options: ServerOverlay.IOptions) {
    this._options = options;
  }

  /**
   * Whether the last request failed.
   */
  get isFailing(): boolean {
    return this._failures > 0;
  }

  /**
   * Poll if it is time; called often.
   */
  update(state: IOverlayState, nowS: number): void {
    const intervalS = pollInterval(state);
    const isDue =
      intervalS !== null &&
      nowS - this._askedS >= Math.max(intervalS, this._backoffS);
    if (isDue && !this._isAsking) {
      this._askedS = nowS;
      void this._ask();
    }
  }

  private get _backoffS(): number {
    return this._failures === 0
      ? 0
      : Math.min(BACKOFF_MAX_S, BACKOFF_S * 2 ** (this._failures - 1));
  }

  private async _ask(): Promise<void> {
    const { read, kernelId, onReading } = this._options;
    this._isAsking = true;
    try {
      const reading = await read(kernelId);
      this._failures = reading === null ? this._failures + 1 : 0;
      if (reading !== null) {
        onReading(reading);
      }
    } catch {
      // JupyterLab reports a lost server; here the figures just become stale.
      this._failures += 1;
    } finally {
      this._isAsking = false;
    }
  }

  private readonly _options: ServerOverlay.IOptions;
  private _askedS = -Infinity;
  private _isAsking = false;
  private _failures = 0;
}

export namespace ServerOverlay {
  export interface IOptions {
    read: KernelReader;
    kernelId: string;
    onReading: (reading: IServerReading) => void;
  }
}
