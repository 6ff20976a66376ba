import type { IReading } from './readings';
import type { Timeline } from './timeline';

// The growth is that of the last seconds of the running cell.
const WINDOW_S = 5;
const SHORTEST_S = 0.8;
// Slower growth may end long before.
const FORESEEABLE_S = 600;
const GROWTH_MIN_BYTES = 16 * 1024 ** 2;

/**
 * The time until the limit is reached at the present growth, `null` while memory
 * does not climb, or slowly.
 *
 * Memory climbs if its floor rises from each half of the last seconds to the next,
 * which neither a single step nor memory that comes and goes does. The growth of a
 * cell that has ended says nothing about the next one.
 */
export function secondsToFull(
  timeline: Timeline,
  reading: IReading,
  cellStartS = 0
): number | null {
  if (reading.gauge === null) {
    return null;
  }
  const { limitBytes, usedBytes } = reading.gauge;
  const processS = timeline.breaksS.at(-1) ?? 0;
  const fromS = Math.max(reading.tS - WINDOW_S, processS, cellStartS);
  const past = timeline.since(fromS);
  const firstS = past.tS.find(tS => tS >= fromS);
  if (firstS === undefined || reading.tS - firstS < SHORTEST_S) {
    return null;
  }
  const halfS = (reading.tS - firstS) / 2;
  const floorBytes = (startS: number): number =>
    past.tS.reduce(
      (floor, tS, index) =>
        tS >= startS && tS < startS + halfS
          ? Math.min(
              floor,
              (past.rssBytes[index] ?? 0) + (past.childrenBytes[index] ?? 0)
            )
          : floor,
      Infinity
    );
  const middleBytes = floorBytes(firstS + halfS);
  const nowBytes = reading.rssBytes + reading.childrenBytes;
  const grownBytes = Math.min(
    middleBytes - floorBytes(firstS),
    nowBytes - middleBytes
  );
  const leftS = (Math.max(0, limitBytes - usedBytes) * halfS) / grownBytes;
  return 2 * grownBytes >= GROWTH_MIN_BYTES && leftS <= FORESEEABLE_S
    ? leftS
    : null;
}
