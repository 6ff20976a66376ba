import type { IBand } from './bands';

/**
 * The theme's colours and font, in the form that a canvas accepts.
 */
export interface IPalette {
  readonly line: string;
  readonly area: string;
  /** Between the lowest and the highest reading of a column. */
  readonly spread: string;
  readonly peak: string;
  readonly peakArea: string;
  readonly childrenArea: string;
  readonly gpu: string;
  readonly cells: Readonly<Record<IBand['tint'], string>>;
  readonly limit: string;
  readonly grid: string;
  readonly text: string;
  /** The font for a canvas with this number of pixels a CSS pixel. */
  readonly font: (ratio: number) => string;
}

const FONT_PX = 10;

/**
 * Read the palette of the theme in which an element is shown.
 */
export function readPalette(element: HTMLElement): IPalette {
  const style = getComputedStyle(element);
  const read = (name: string): string => style.getPropertyValue(name).trim();
  const line = read('--jp-brand-color1');
  // The element's own, which the system may have replaced.
  const text = style.color;
  const peak = read('--jp-warn-color1');
  const family = read('--jp-ui-font-family') || 'sans-serif';
  return {
    line,
    area: fade(line, 0.22),
    spread: fade(line, 0.6),
    peak,
    peakArea: fade(peak, 0.28),
    childrenArea: fade(read('--jp-success-color1'), 0.32),
    gpu: read('--jp-info-color1'),
    cells: {
      even: fade(text, 0.06),
      odd: fade(text, 0.13),
      running: fade(line, 0.16)
    },
    limit: read('--jp-error-color1'),
    grid: fade(text, 0.16),
    text,
    font: ratio => `${String(FONT_PX * ratio)}px ${family}`
  };
}

/**
 * Make a CSS colour more translucent.
 */
export function fade(colour: string, opacity: number): string {
  const context = document.createElement('canvas').getContext('2d');
  if (!context) {
    return colour;
  }
  // A canvas returns a colour as #rrggbb or as rgba(r, g, b, a).
  context.fillStyle = colour;
  const normal = context.fillStyle;
  const channels = normal.startsWith('#')
    ? [1, 3, 5].map(start => parseInt(normal.slice(start, start + 2), 16))
    : [...normal.matchAll(/[\d.]+/g)].map(Number);
  const [red = 0, green = 0, blue = 0, alpha = 1] = channels;
  return `rgba(${[red, green, blue, alpha * opacity].join(', ')})`;
}
