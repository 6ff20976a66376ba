import type { TranslationBundle } from '@jupyterlab/translation';

import { formatBytes, formatClock } from '../text/format';
import type { ICellSpan, IChartData } from './series';

/**
 * Describe a column of the chart, and the cell that was running.
 */
export function describeColumn(
  { columns }: Pick<IChartData, 'columns'>,
  index: number | null,
  cell: ICellSpan | null,
  trans: TranslationBundle
): string {
  const read = (values: readonly (number | null)[]): number | null =>
    (index === null ? null : values[index]) ?? null;
  const tS = read(columns.tS);
  const lowBytes = read(columns.lowBytes);
  const highBytes = read(columns.highBytes);
  if (tS === null || lowBytes === null || highBytes === null) {
    return '';
  }
  const low = formatBytes(lowBytes);
  const high = formatBytes(highBytes);
  const peakBytes = read(columns.peakBytes) ?? 0;
  const childrenBytes = read(columns.childrenBytes) ?? 0;
  const gpuBytes = read(columns.gpuBytes) ?? 0;
  const count = cell?.executionCount ?? null;
  return [
    formatClock(tS),
    low === high ? low : trans.__('%1 to %2', low, high),
    ...(formatBytes(peakBytes) === high || peakBytes < highBytes
      ? []
      : [trans.__('highest %1', formatBytes(peakBytes))]),
    ...(childrenBytes > 0
      ? [trans.__('child processes %1', formatBytes(childrenBytes))]
      : []),
    ...(gpuBytes > 0 ? [trans.__('GPU %1', formatBytes(gpuBytes))] : []),
    ...(count === null ? [] : [`[${String(count)}]`])
  ].join(' · ');
}
