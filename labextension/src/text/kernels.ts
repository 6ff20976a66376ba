import type { TranslationBundle } from '@jupyterlab/translation';

import type { IKernelRow, Kernels } from '../model/kernels';
import { formatBytes, formatChange, formatDuration } from './format';
import { nameLimit } from './limits';

// Smaller changes come and go by themselves.
const GROWTH_MIN_BYTES = 1024 * 1024;
// A kernel that pauses briefly between two cells is not idle.
const IDLE_MIN_S = 60;

/**
 * The name of a kernel, which is that of its notebook or console if it has any.
 */
export function nameKernel(
  { name, spec, kernelId }: IKernelRow,
  trans: TranslationBundle
): string {
  return name || trans.__('%1, no notebook (%2)', spec, kernelId.slice(0, 8));
}

/**
 * The memory of a kernel with its child processes, or that it is not readable.
 */
export function describeMemory(
  { bytes, memory }: IKernelRow,
  trans: TranslationBundle
): string {
  if (bytes === null) {
    return trans.__('not readable');
  }
  const size = formatBytes(bytes);
  return memory?.atLeast ? trans.__('at least %1', size) : size;
}

/**
 * The number of kernels, and what those that can be read take together.
 */
export function describeTotal(
  rows: readonly IKernelRow[],
  trans: TranslationBundle
): string {
  const count = trans._n('%1 kernel', '%1 kernels', rows.length);
  const known = rows.filter(({ bytes }) => bytes !== null);
  if (known.length === 0) {
    return count;
  }
  const total = formatBytes(
    known.reduce((sum, { bytes }) => sum + (bytes ?? 0), 0)
  );
  const isWhole = rows.every(
    ({ memory, unknown }) => memory?.atLeast === false || unknown === 'ended'
  );
  return isWhole
    ? trans.__('%1, %2', count, total)
    : trans.__('%1, at least %2', count, total);
}

/**
 * What is known of a kernel, other than its memory.
 */
export function describeKernel(
  row: IKernelRow,
  trans: TranslationBundle
): string[] {
  const { memory, growth, share } = row;
  return [
    row.name === '' ? '' : row.spec,
    describeState(row, trans),
    describeUnknown(row, trans),
    growth && Math.abs(growth.bytes) >= GROWTH_MIN_BYTES
      ? trans.__(
          '%1 in %2',
          formatChange(growth.bytes),
          formatDuration(growth.overS)
        )
      : '',
    memory && memory.childrenBytes > 0
      ? trans.__('child processes %1', formatBytes(memory.childrenBytes))
      : '',
    share !== null && share >= 0.01 && memory?.gauge
      ? trans.__(
          '%1% of %2 (%3)',
          Math.floor(share * 100),
          formatBytes(memory.gauge.limitBytes),
          nameLimit(memory.gauge, trans)
        )
      : ''
  ].filter(text => text !== '');
}

/**
 * That a kernel has been idle for long and holds much.
 */
export function describeHoarding(
  { idleS, bytes }: IKernelRow,
  trans: TranslationBundle
): string {
  return trans.__(
    'idle for %1, holds %2',
    formatDuration(idleS ?? 0),
    formatBytes(bytes ?? 0)
  );
}

/**
 * Why there are no kernels to show, or no new figures; empty if there are.
 */
export function describeLack(
  { rows, isFailing }: Pick<Kernels, 'rows' | 'isFailing'>,
  trans: TranslationBundle
): string {
  if (isFailing) {
    return rows
      ? trans.__('The Jupyter server does not answer; these figures are old.')
      : trans.__(
          'The Jupyter server does not list the memory of its kernels: install the same version of jupyter_memkit where it runs, and restart it.'
        );
  }
  if (rows === null) {
    return trans.__('Waiting for the Jupyter server…');
  }
  return rows.length === 0 ? trans.__('No kernel is running.') : '';
}

function describeState(
  { state, idleS, isHoarding, unknown }: IKernelRow,
  trans: TranslationBundle
): string {
  if (unknown === 'ended' || isHoarding) {
    return '';
  }
  if (idleS !== null && idleS >= IDLE_MIN_S) {
    return trans.__('idle for %1', formatDuration(idleS));
  }
  switch (state) {
    case 'idle':
      return trans.__('idle');
    case 'busy':
      return trans.__('busy');
    case 'starting':
    case 'restarting':
      return trans.__('starting');
    default:
      return '';
  }
}

function describeUnknown(
  { unknown }: IKernelRow,
  trans: TranslationBundle
): string {
  switch (unknown) {
    case null:
      return '';
    case 'ended':
      return trans.__('its process has ended');
    case 'elsewhere':
      return trans.__('it runs in a container or on another machine');
    case 'refused':
      return trans.__('the system does not let the server read it');
  }
}
