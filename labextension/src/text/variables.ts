import type { IVariableSize } from '../wire/protocol';
import { formatBytes } from './format';

/**
 * The names and sizes of the first variables.
 */
export function listLargest(
  variables: readonly IVariableSize[],
  most: number
): string {
  return variables
    .slice(0, most)
    .map(({ name, bytes }) => `${name} (${formatBytes(bytes)})`)
    .join(', ');
}
