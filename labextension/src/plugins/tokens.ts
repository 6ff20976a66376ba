import { Token } from '@lumino/coreutils';

import type { Sidebar } from '../model/sidebar';

/**
 * The state that the panel, the status item, the badges and the warnings share.
 */
export const ISidebar = new Token<Sidebar>(
  'jupyter-memkit:ISidebar',
  'The memory of the notebook or console in use.'
);

export namespace CommandIDs {
  export const openPanel = 'jupyter-memkit:open-panel';
  export const free = 'jupyter-memkit:free';
  export const armGuard = 'jupyter-memkit:arm-guard';
  export const disarmGuard = 'jupyter-memkit:disarm-guard';
  export const resumeCollector = 'jupyter-memkit:resume-collector';
  export const exportSession = 'jupyter-memkit:export';
}
