import { Token } from '@lumino/coreutils';

import type { KernelRow } from '../kernels/row';
import type { IKernelRow, Kernels } from '../model/kernels';
import type { Sidebar } from '../model/sidebar';

/**
 * The state that the panel, the status item, the badges and the warnings share.
 */
export const ISidebar = new Token<Sidebar>(
  'jupyter-memkit:ISidebar',
  'The memory of the notebook or console in use.'
);

/**
 * The state that the panel of all kernels and the Running panel share.
 */
export const IKernels = new Token<IKernelsService>(
  'jupyter-memkit:IKernels',
  'The memory of all kernels of the server.'
);

export interface IKernelsService {
  readonly kernels: Kernels;
  readonly act: (action: KernelRow.Action, row: IKernelRow) => Promise<void>;
}

export const SHOW_KERNELS = 'jupyter-memkit:show-kernels';

export const OPEN_TOUR = 'jupyter-memkit:open-tour';

export namespace CommandIDs {
  export const openPanel = 'jupyter-memkit:open-panel';
  export const free = 'jupyter-memkit:free';
  export const armGuard = 'jupyter-memkit:arm-guard';
  export const disarmGuard = 'jupyter-memkit:disarm-guard';
  export const resumeCollector = 'jupyter-memkit:resume-collector';
  export const exportSession = 'jupyter-memkit:export';
}
