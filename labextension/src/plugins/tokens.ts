import { Token } from '@lumino/coreutils';

import type { Sidebar } from '../model/sidebar';

export const ISidebar = new Token<Sidebar>(
  'jupyter-memkit:ISidebar',
  'The memory of the notebook or console in use.'
);
