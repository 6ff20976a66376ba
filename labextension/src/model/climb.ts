import type { IReading } from './readings';
import type { Timeline } from './timeline';

// The growth is that of the last seconds.
const WINDOW_S = 5;
const SHORTEST_S = 0.8;
// Slower growth may end long before.
const FORESEEABLE_S = 600;
const GROWTH_MIN_BYTES = 16 * 1024 ** 2;

/**
 * The time until the limit is reached at the present growth, `null` while memory
 * does not climb, or slowly.
 */
export function secondsToFull(
  timeline: Timeline,
  reading: IReading
): number | null {
  if (reading.gauge === null) {
    return null;
  }
  const { limitBytes, usedBytes } = reading.gauge;
  const past = timeline.since(reading.tS - WINDOW_S);
  const first = past.tS.findIndex(tS => tS >= reading.tS - WINDOW_S);
  const firstS = past.tS[first];
  const firstBytes =
    (past.rssBytes[first] ?? 0) + (past.childrenBytes[first] ?? 0);
  const nowBytes = reading.rssBytes + reading.childrenBytes;
  if (firstS === undefined || reading.tS - firstS < SHORTEST_S) {
    return null;
  }
  const grownBytes = nowBytes - firstBytes;
  const leftS =
    (Math.max(0, limitBytes - usedBytes) * (reading.tS - firstS)) / grownBytes;
  return grownBytes >= GROWTH_MIN_BYTES && leftS <= FORESEEABLE_S
    ? leftS
    : null;
}
