import type { TranslationBundle } from '@jupyterlab/translation';
import * as React from 'react';

import type { IKernelRow, Kernels } from '../model/kernels';
import { describeLack, describeTotal } from '../text/kernels';
import { KernelRow } from './row';

/**
 * All kernels with their total, or why there are none to show.
 */
export function KernelList(props: KernelList.IProps): React.JSX.Element {
  const { rows, onAction, trans } = props;
  const sentence = describeLack(props, trans);
  const scaleBytes = Math.max(
    1,
    ...(rows ?? []).map(({ bytes }) => bytes ?? 0)
  );
  return (
    <>
      {sentence && (
        <p className="jp-Memkit-empty" role="status">
          {sentence}
        </p>
      )}
      {rows && rows.length > 0 && (
        <>
          <p className="jp-Memkit-empty" data-testid="memkit-kernels-total">
            {describeTotal(rows, trans)}
          </p>
          <ul
            className="jp-Memkit-kernels"
            aria-label={trans.__('Kernels')}
            data-testid="memkit-kernels"
          >
            {rows.map(row => (
              <KernelRow
                key={row.kernelId}
                row={row}
                scaleBytes={scaleBytes}
                onAction={onAction}
                trans={trans}
              />
            ))}
          </ul>
        </>
      )}
    </>
  );
}

export namespace KernelList {
  export interface IProps extends Pick<Kernels, 'rows' | 'isFailing'> {
    onAction: (action: KernelRow.Action, row: IKernelRow) => void;
    trans: TranslationBundle;
  }
}
