import type { TranslationBundle } from '@jupyterlab/translation';

import { formatChange, formatCount, formatDuration } from '../text/format';
import type { ICell } from '../wire/protocol';

// Smaller values are not shown.
const MIN_BYTES = 1024 * 1024;
const GC_MIN_S = 0.05;
const GC_MIN_SHARE = 0.01;
// A first import normally reads some pages from disk.
const FAULTS_MIN = 1000;
const LINE_LENGTH = 60;

/**
 * Phrases on what is remarkable about a cell besides its memory, often none.
 */
export function describeCell(cell: ICell, trans: TranslationBundle): string[] {
  const { durationS, gcS } = cell;
  const childrenBytes = cell.childrenPeakBytes - cell.childrenBeforeBytes;
  const gpuBytes = (cell.gpuPeakBytes ?? 0) - (cell.gpuBeforeBytes ?? 0);
  const phrases: string[] = [];
  if (cell.peakLine !== null && cell.peakLine !== cell.firstLine) {
    phrases.push(trans.__('highest at %1', shorten(cell.peakLine)));
  }
  if (childrenBytes >= MIN_BYTES) {
    const size = formatChange(childrenBytes);
    phrases.push(
      cell.childrenExact
        ? trans.__('child processes %1', size)
        : trans.__('child processes %1, sampled', size)
    );
  }
  for (const { library, device, beforeBytes, peakBytes, exact } of cell.gpus) {
    if (peakBytes - beforeBytes >= MIN_BYTES) {
      const size = formatChange(peakBytes - beforeBytes);
      phrases.push(
        exact
          ? trans.__('%1 on GPU %2 %3', library, device, size)
          : trans.__('%1 on GPU %2 %3, sampled', library, device, size)
      );
    }
  }
  // The driver's figure, for libraries that have none.
  if (cell.gpus.length === 0 && gpuBytes >= MIN_BYTES) {
    phrases.push(trans.__('GPU %1, sampled', formatChange(gpuBytes)));
  }
  if (gcS >= GC_MIN_S && gcS >= GC_MIN_SHARE * durationS) {
    const percent = Math.min(100, Math.round((gcS / durationS) * 100));
    phrases.push(
      trans.__('garbage collector %1, %2%', formatDuration(gcS), percent)
    );
  }
  if (cell.majorFaults !== null && cell.majorFaults >= FAULTS_MIN) {
    phrases.push(
      trans.__('%1 pages read from disk', formatCount(cell.majorFaults))
    );
  }
  return phrases;
}

function shorten(line: string): string {
  return line.length > LINE_LENGTH ? `${line.slice(0, LINE_LENGTH)}…` : line;
}
