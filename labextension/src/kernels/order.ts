import type { IKernelRow } from '../model/kernels';

/**
 * Sort rows as they were shown before, new ones last, so that no row moves away from
 * the pointer that is about to click it.
 */
export function keepOrder(
  rows: readonly IKernelRow[],
  shownIds: readonly string[]
): IKernelRow[] {
  const places = new Map(shownIds.map((id, place) => [id, place]));
  const placeOf = ({ kernelId }: IKernelRow): number =>
    places.get(kernelId) ?? shownIds.length;
  return [...rows].sort((a, b) => placeOf(a) - placeOf(b));
}
