import uPlot from 'uplot';

import type { IBand } from './bands';
import { layOutBands } from './bands';
import type { IPalette } from './palette';
import type { IChartData } from './series';

// A cell of a millisecond remains visible.
const BAND_MIN_PX = 2;
const HIGHEST_MIN_PX = 5;
const LABEL_MARGIN_PX = 4;

/**
 * Shade the time of every cell, and write its number above; drawn before the grid and
 * the lines.
 */
export function drawCells(
  plot: uPlot,
  data: IChartData,
  palette: IPalette
): void {
  const ratio = uPlot.pxRatio;
  const { left, top, width, height } = plot.bbox;
  const toX = (tS: number): number => plot.valToPos(tS, 'x', true);
  const bands = layOutBands(data.cells, toX, BAND_MIN_PX * ratio);
  inPlot(plot, context => {
    for (const band of bands) {
      context.fillStyle = palette.cells[band.tint];
      context.fillRect(band.left, top, band.right - band.left, height);
    }
  });
  const { ctx: context } = plot;
  context.save();
  context.font = palette.font(ratio);
  context.textAlign = 'left';
  context.textBaseline = 'bottom';
  for (const band of bands) {
    drawLabel(context, band, palette, [left, left + width], top);
  }
  context.restore();
}

/**
 * Mark the highest memory of every cell, and the limit; drawn after the lines.
 */
export function drawMarks(
  plot: uPlot,
  data: IChartData,
  palette: IPalette
): void {
  inPlot(plot, context => {
    const ratio = uPlot.pxRatio;
    context.strokeStyle = palette.peak;
    context.lineWidth = 2 * ratio;
    context.lineCap = 'round';
    for (const cell of data.cells) {
      const y = plot.valToPos(cell.peakBytes, 'y', true);
      const left = plot.valToPos(cell.fromS, 'x', true);
      const right = plot.valToPos(cell.toS, 'x', true);
      const missing = Math.max(0, HIGHEST_MIN_PX * ratio - (right - left));
      strokeLine(context, left - missing / 2, right + missing / 2, y);
    }
    if (data.limitBytes !== null) {
      context.strokeStyle = palette.limit;
      context.lineWidth = ratio;
      context.setLineDash([4 * ratio, 3 * ratio]);
      const { left, width } = plot.bbox;
      const y = plot.valToPos(data.limitBytes, 'y', true);
      strokeLine(context, left, left + width, y);
    }
  });
}

/**
 * Write the number of a cell above its band, where no line crosses it, if there is room.
 */
function drawLabel(
  context: CanvasRenderingContext2D,
  { label, ...band }: IBand,
  palette: IPalette,
  [from, to]: readonly [number, number],
  top: number
): void {
  const margin = LABEL_MARGIN_PX * uPlot.pxRatio;
  const left = Math.max(band.left, from);
  const room = Math.min(band.right, to) - left - margin;
  // To measure a text takes longer than to draw a band.
  if (label !== null && room > 2 * margin) {
    const width = context.measureText(label).width;
    if (width <= room) {
      context.fillStyle = palette.text;
      context.fillText(label, left + (room + margin - width) / 2, top);
    }
  }
}

function strokeLine(
  context: CanvasRenderingContext2D,
  left: number,
  right: number,
  y: number
): void {
  context.beginPath();
  context.moveTo(left, y);
  context.lineTo(right, y);
  context.stroke();
}

/**
 * Draw within the plotting area, and restore the canvas state.
 */
function inPlot(
  plot: uPlot,
  draw: (context: CanvasRenderingContext2D) => void
): void {
  const { left, top, width, height } = plot.bbox;
  plot.ctx.save();
  plot.ctx.beginPath();
  plot.ctx.rect(left, top, width, height);
  plot.ctx.clip();
  draw(plot.ctx);
  plot.ctx.restore();
}
