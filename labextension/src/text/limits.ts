import type { TranslationBundle } from '@jupyterlab/translation';

import type { IGauge } from '../wire/protocol';

/**
 * What sets a limit, and whose memory counts against it.
 */
export function describeLimit(
  gauge: Pick<IGauge, 'name' | 'covers'>,
  trans: TranslationBundle
): string {
  switch (gauge.covers) {
    case 'kernel':
      return trans.__('%1, for the kernel alone', gauge.name);
    case 'family':
      return trans.__('%1, for the kernel and its child processes', gauge.name);
    case 'container':
      return trans.__('%1, for the whole container', gauge.name);
    case 'machine':
      return trans.__('memory of the machine, for all programs');
  }
}

/**
 * The limit in one word or two.
 */
export function nameLimit(
  gauge: Pick<IGauge, 'name' | 'covers'>,
  trans: TranslationBundle
): string {
  switch (gauge.covers) {
    case 'kernel':
    case 'family':
      return gauge.name;
    case 'container':
      return trans.__('container');
    case 'machine':
      return trans.__('machine');
  }
}
