import type uPlot from 'uplot';

import { formatClock, formatMinute, formatTick } from '../text/format';
import type { IPalette } from './palette';
import type { IChartData } from './series';

const MEBIBYTE = 1024 ** 2;
const CHARACTER_PX = 5.5;

// Round numbers in each IEC unit; the last of a unit is followed by the first
// of the next.
const INCREMENTS = [1, 1024, 1024 ** 2, 1024 ** 3, 1024 ** 4].flatMap(unit =>
  [1, 2, 4, 8, 16, 32, 64, 128, 256, 512].map(step => step * unit)
);

/**
 * The top of the scale, which includes all that is drawn, and the limit if it is
 * near.
 *
 * The bottom is 0, so that twice the height is twice the memory.
 */
export function scaleTop(data: IChartData, showsGpu: boolean): number {
  const { peakBytes, togetherBytes, gpuBytes } = data.columns;
  let highest = 64 * MEBIBYTE;
  for (const values of [
    peakBytes,
    togetherBytes,
    ...(showsGpu ? [gpuBytes] : []),
    data.cells.map(cell => cell.peakBytes)
  ]) {
    for (const bytes of values) {
      highest = Math.max(highest, bytes ?? 0);
    }
  }
  const limitBytes = data.limitBytes ?? Infinity;
  return (
    1.08 *
    (limitBytes < 1.6 * highest ? Math.max(highest, limitBytes) : highest)
  );
}

/**
 * Time at the bottom, memory at the left.
 */
export function buildAxes(palette: IPalette): uPlot.Axis[] {
  const common: uPlot.Axis = {
    font: palette.font(1),
    stroke: palette.text,
    ticks: { show: false }
  };
  return [
    {
      ...common,
      grid: { show: false },
      size: 22,
      gap: 4,
      space: 64,
      values: (plot, splits, _axis, _space, increment) =>
        splits
          .map(increment < 60 ? formatClock : formatMinute)
          .map((label, index) => {
            const x = plot.valToPos(splits[index] ?? 0, 'x');
            return hasRoom(plot, x, label) ? label : '';
          })
    },
    {
      ...common,
      grid: { stroke: palette.grid, width: 1 },
      size: 54,
      gap: 6,
      space: 28,
      incrs: INCREMENTS,
      values: (_plot, splits) => splits.map(formatTick)
    }
  ];
}

/**
 * Whether a label in the middle of a tick lies within the chart.
 */
function hasRoom(plot: uPlot, x: number, label: string): boolean {
  const left = plot.over.offsetLeft + x;
  const half = (CHARACTER_PX * label.length) / 2;
  return left - half >= 0 && left + half <= plot.width;
}
