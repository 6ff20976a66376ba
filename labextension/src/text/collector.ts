import type { ICollectorPause } from '../wire/protocol';

/**
 * The name of a pause that the kit has not begun.
 */
export const DISABLE = 'gc.disable()';

// Only of pauses that do not end by themselves.
const CURES = new Map([
  ['%gc_pause on', '%gc_pause off'],
  [DISABLE, 'gc.enable()']
]);

/**
 * The code that ends a pause; `undefined` if it ends by itself.
 */
export function findCollectorCure(pause: ICollectorPause): string | undefined {
  return CURES.get(pause.by);
}
