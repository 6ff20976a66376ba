import type { IVariableSize } from '../wire/protocol';
import { formatBytes } from './format';
import { isolate } from './names';

const SIGNS = { exact: '', estimate: '≈ ', 'at least': '≥ ' };

/**
 * A size with the sign of its accuracy.
 */
export function formatVariableSize({
  bytes,
  accuracy
}: Pick<IVariableSize, 'bytes' | 'accuracy'>): string {
  return `${SIGNS[accuracy]}${formatBytes(bytes)}`;
}

/**
 * The names and sizes of the first variables.
 */
export function listLargest(
  variables: readonly IVariableSize[],
  most: number
): string {
  return variables
    .slice(0, most)
    .map(
      variable => `${isolate(variable.name)} (${formatVariableSize(variable)})`
    )
    .join(', ');
}
