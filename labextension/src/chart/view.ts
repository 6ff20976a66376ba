/**
 * A stretch of time.
 */
export interface IWindow {
  readonly fromS: number;
  readonly toS: number;
}

// Readings are some fractions of a second apart.
const SPAN_MIN_S = 2;

/**
 * The stretch of time that the chart shows: the last of it, which advances, or one
 * that the user chose, which does not.
 */
export class View {
  constructor(options: View.IOptions) {
    this._options = options;
  }

  /**
   * Whether it follows the present.
   */
  get isLive(): boolean {
    return this._chosen === null;
  }

  get window(): IWindow {
    const extent = this._options.extent();
    if (this._chosen) {
      return within(this._chosen, extent);
    }
    // A short history is not squeezed into the end of a long range.
    const spanS = Math.min(this._options.rangeS() ?? Infinity, spanOf(extent));
    return { fromS: extent.toS - spanS, toS: extent.toS };
  }

  /**
   * Show a stretch of time.
   */
  select(fromS: number, toS: number): void {
    const missingS = Math.max(0, SPAN_MIN_S - (toS - fromS));
    this._chosen = within(
      { fromS: fromS - missingS / 2, toS: toS + missingS / 2 },
      this._options.extent()
    );
    this._options.onChange();
  }

  /**
   * Show more or less of the time around a moment, which keeps its place.
   *
   * @param factor - The new span as a multiple of the present one.
   */
  zoom(factor: number, aroundS: number): void {
    const { fromS, toS } = this.window;
    const most = spanOf(this._options.extent()) / (toS - fromS);
    const least = SPAN_MIN_S / (toS - fromS);
    const applied = Math.min(Math.max(factor, least), most);
    this.select(
      aroundS - applied * (aroundS - fromS),
      aroundS + applied * (toS - aroundS)
    );
  }

  /**
   * Show what is earlier (negative) or later.
   *
   * @param share - How far, as a share of what is shown.
   */
  pan(share: number): void {
    const { fromS, toS } = this.window;
    const byS = share * (toS - fromS);
    this.select(fromS + byS, toS + byS);
  }

  /**
   * Show the first readings.
   */
  toStart(): void {
    const { fromS } = this._options.extent();
    this.select(fromS, fromS + spanOf(this.window));
  }

  /**
   * Follow the present again.
   */
  follow(): void {
    if (this._chosen) {
      this._chosen = null;
      this._options.onChange();
    }
  }

  private readonly _options: View.IOptions;
  private _chosen: IWindow | null = null;
}

export namespace View {
  export interface IOptions {
    /** All the time of which something is known. */
    extent: () => IWindow;
    /** The time shown while it follows the present, `null` for all. */
    rangeS: () => number | null;
    onChange: () => void;
  }
}

function spanOf({ fromS, toS }: IWindow): number {
  return toS - fromS;
}

/**
 * Move a window into an extent; one that is too long becomes the extent.
 */
function within(window: IWindow, extent: IWindow): IWindow {
  const spanS = Math.min(spanOf(window), spanOf(extent));
  const fromS = Math.min(
    Math.max(window.fromS, extent.fromS),
    extent.toS - spanS
  );
  return { fromS, toS: fromS + spanS };
}
