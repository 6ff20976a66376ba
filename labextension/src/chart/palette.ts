/**
 * The theme's colours and font, in the form that a canvas accepts.
 */
export interface IPalette {
  readonly line: string;
  readonly area: string;
  readonly peak: string;
  readonly peakArea: string;
  readonly childrenArea: string;
  readonly cell: string;
  readonly running: string;
  readonly limit: string;
  readonly grid: string;
  readonly text: string;
  readonly font: string;
}

/**
 * Read the palette of the theme in which an element is shown.
 */
export function readPalette(element: HTMLElement): IPalette {
  const style = getComputedStyle(element);
  const read = (name: string): string => style.getPropertyValue(name).trim();
  const line = read('--jp-brand-color1');
  const text = read('--jp-ui-font-color2');
  const peak = read('--jp-warn-color1');
  return {
    line,
    area: fade(line, 0.22),
    peak,
    peakArea: fade(peak, 0.28),
    childrenArea: fade(read('--jp-success-color1'), 0.32),
    cell: fade(text, 0.1),
    running: fade(line, 0.14),
    limit: read('--jp-error-color1'),
    grid: fade(text, 0.16),
    text,
    font: `10px ${read('--jp-ui-font-family') || 'sans-serif'}`
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
