import { LabIcon } from '@jupyterlab/ui-components';

import iconSvg from '../../style/icon.svg';

export const memoryIcon = new LabIcon({
  name: 'jupyter-memkit:memory',
  svgstr: iconSvg
});
