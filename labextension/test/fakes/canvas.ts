import { vi } from 'vitest';

/**
 * A canvas for a page that cannot draw: it records the calls.
 */
export class FakeContext {
  readonly calls: [string, ...unknown[]][] = [];
  font = '';
  lineWidth = 1;
  lineCap = 'butt';
  strokeStyle: unknown = '';
  canvas = document.createElement('canvas');

  /** As a browser does, give colours back in one form, and keep the rest out. */
  get fillStyle(): string {
    return this._fillStyle;
  }
  set fillStyle(colour: unknown) {
    if (typeof colour === 'string' && /^(#|rgba?\()/.test(colour)) {
      this._fillStyle = colour;
    }
  }

  measureText(text: string): { width: number } {
    return { width: 6 * text.length };
  }

  /** Keep the colour, too. */
  fill(): void {
    this.calls.push(['fill', this.fillStyle]);
  }

  drawn(name: string): unknown[][] {
    return this.calls
      .filter(([called]) => called === name)
      .map(([, ...values]) => values);
  }

  private _fillStyle = '#000000';
}

const METHODS =
  'arc beginPath clearRect clip closePath fillRect fillText lineTo moveTo rect resetTransform restore rotate save scale setLineDash setTransform stroke strokeRect translate';

for (const name of METHODS.split(' ')) {
  Object.defineProperty(FakeContext.prototype, name, {
    value(this: FakeContext, ...values: unknown[]) {
      this.calls.push([name, ...values]);
    }
  });
}

class FakePath {
  readonly [Symbol.toStringTag] = 'Path2D';
  moveTo(): void {}
  lineTo(): void {}
  rect(): void {}
  arc(): void {}
  closePath(): void {}
  addPath(): void {}
  bezierCurveTo(): void {}
}

/**
 * Let every canvas of the page draw into one record.
 */
export function fakeCanvas(): FakeContext {
  const context = new FakeContext();
  vi.stubGlobal('Path2D', FakePath);
  vi.spyOn(HTMLCanvasElement.prototype, 'getContext').mockReturnValue(
    // uPlot and the palette call only what is above.
    context as unknown as CanvasRenderingContext2D
  );
  return context;
}
