import type uPlot from 'uplot';

import { buildAxes, scaleTop } from './axes';
import { drawCells, drawMarks } from './marks';
import type { IPalette } from './palette';
import type { IChartData } from './series';

/**
 * The series, as uPlot counts them.
 */
export const SERIES = { together: 1, highest: 2, high: 3, low: 4, gpu: 5 };

/**
 * What uPlot draws, and how: the readings as lines and areas, the cells as bands.
 *
 * @param data - Returns the data of the next drawing.
 */
export function plotOptions(
  palette: IPalette,
  data: () => IChartData
): Omit<uPlot.Options, 'width' | 'height'> {
  const area = { width: 0, points: { show: false } };
  const line = { ...area, stroke: palette.line, width: 1.5 };
  return {
    // The numbers of the cells stand above.
    padding: [16, 16, 0, 0],
    legend: { show: false },
    scales: {
      x: { range: () => [data().fromS, data().toS] },
      y: {
        range: plot => {
          const showsGpu = plot.series[SERIES.gpu]?.show ?? false;
          return [0, scaleTop(data(), showsGpu)];
        }
      }
    },
    axes: buildAxes(palette),
    series: [
      {},
      area,
      area,
      line,
      { ...line, fill: palette.area },
      { ...line, stroke: palette.gpu, dash: [5, 3] }
    ],
    bands: [
      { series: [SERIES.together, SERIES.high], fill: palette.childrenArea },
      { series: [SERIES.highest, SERIES.high], fill: palette.peakArea },
      { series: [SERIES.high, SERIES.low], fill: palette.spread }
    ],
    hooks: {
      drawClear: [
        plot => {
          drawCells(plot, data(), palette);
        }
      ],
      draw: [
        plot => {
          drawMarks(plot, data(), palette);
        }
      ]
    }
  };
}

/**
 * The columns in the order of the series.
 */
export function alignedColumns({ columns }: IChartData): uPlot.AlignedData {
  return [
    columns.tS,
    columns.togetherBytes,
    columns.peakBytes,
    columns.highBytes,
    columns.lowBytes,
    columns.gpuBytes
  ];
}
