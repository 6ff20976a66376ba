import { LabIcon } from '@jupyterlab/ui-components';

import iconSvg from '../../style/kernels.svg';

/**
 * The icon of the panel with all kernels; the other panel may be next to it.
 */
export const kernelsIcon = new LabIcon({
  name: 'jupyter-memkit:kernels',
  svgstr: iconSvg
});
