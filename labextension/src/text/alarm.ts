import type { TranslationBundle } from '@jupyterlab/translation';

import type { IAlarm } from '../model/alarm';
import type { IVariableSize } from '../wire/protocol';
import { formatBytes, formatRoughDuration } from './format';
import { listLargest } from './variables';

const VARIABLES_MAX = 3;

/**
 * How close the limit is, in one sentence.
 */
export function describeAlarm(
  { share, limitBytes, secondsToFull }: IAlarm,
  trans: TranslationBundle
): string {
  const percent = Math.floor(share * 100);
  const size = formatBytes(limitBytes);
  if (secondsToFull === null) {
    return trans.__('%1% of %2 is in use.', percent, size);
  }
  return secondsToFull < 1
    ? trans.__(
        '%1% of %2 is in use; it will be full in less than a second.',
        percent,
        size
      )
    : trans.__(
        '%1% of %2 is in use; it will be full in about %3.',
        percent,
        size,
        formatRoughDuration(secondsToFull)
      );
}

/**
 * The largest variables, in one sentence; empty if none is known.
 */
export function describeLargest(
  variables: readonly IVariableSize[],
  trans: TranslationBundle
): string {
  const largest = listLargest(variables, VARIABLES_MAX);
  return largest === '' ? '' : trans.__('The largest variables: %1.', largest);
}
