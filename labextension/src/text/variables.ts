import type { IVariableSize } from '../wire/protocol';
import { formatBytes } from './format';

const MIN_BYTES = 1024 ** 2;

/**
 * The names and sizes of variables that are worth a mention, the largest first.
 */
export function listLargest(
  variables: readonly IVariableSize[],
  most: number
): string {
  return variables
    .filter(({ bytes }) => bytes >= MIN_BYTES)
    .slice(0, most)
    .map(({ name, bytes }) => `${name} (${formatBytes(bytes)})`)
    .join(', ');
}
