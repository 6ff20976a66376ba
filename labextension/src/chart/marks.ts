import uPlot from 'uplot';

import type { IPalette } from './palette';
import type { IChartData } from './series';

// A cell of a millisecond remains visible.
const CELL_MIN_PX = 2;
const PEAK_MIN_PX = 5;

/**
 * Shade the time of every cell; drawn before the grid and the lines.
 */
export function drawCells(
  plot: uPlot,
  data: IChartData,
  palette: IPalette
): void {
  inPlot(plot, context => {
    const { top, height } = plot.bbox;
    for (const span of spansOf(plot, data)) {
      context.fillStyle = span.isRunning ? palette.running : palette.cell;
      const width = Math.max(span.right - span.left, CELL_MIN_PX);
      context.fillRect(span.left, top, width, height);
    }
  });
}

/**
 * Mark the peak of every cell, and the limit; drawn after the lines.
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
    for (const { left, right, peakBytes } of spansOf(plot, data)) {
      const y = plot.valToPos(peakBytes, 'y', true);
      const missing = Math.max(0, PEAK_MIN_PX * ratio - (right - left));
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

interface ISpan {
  left: number;
  right: number;
  peakBytes: number;
  isRunning: boolean;
}

function spansOf(plot: uPlot, { cells, running, toS }: IChartData): ISpan[] {
  const ended = cells.map(cell => ({
    ...cell,
    endS: cell.startedS + cell.durationS,
    isRunning: false
  }));
  const open = running ? [{ ...running, endS: toS, isRunning: true }] : [];
  return [...ended, ...open].map(cell => ({
    left: plot.valToPos(cell.startedS, 'x', true),
    right: plot.valToPos(cell.endS, 'x', true),
    peakBytes: cell.peakBytes,
    isRunning: cell.isRunning
  }));
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
