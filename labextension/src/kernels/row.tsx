import type { TranslationBundle } from '@jupyterlab/translation';
import { closeIcon, refreshIcon, stopIcon } from '@jupyterlab/ui-components';
import type { LabIcon } from '@jupyterlab/ui-components';
import * as React from 'react';

import type { IKernelRow } from '../model/kernels';
import {
  describeHoarding,
  describeKernel,
  describeMemory,
  nameKernel
} from '../text/kernels';

/**
 * A kernel: its name, its memory, what is known of it, and what can be done with it.
 */
export function KernelRow(props: KernelRow.IProps): React.JSX.Element {
  const { row, scaleBytes, onAction, trans } = props;
  const { bytes, session, state, isHoarding, kernelId } = row;
  const name = nameKernel(row, trans);
  const act = (action: KernelRow.Action) => () => {
    onAction(action, row);
  };
  return (
    <li
      className="jp-Memkit-kernelRow"
      data-kernel-id={kernelId}
      data-bytes={bytes ?? undefined}
    >
      <div className="jp-Memkit-kernelTop">
        {session ? (
          <button
            type="button"
            className="jp-Memkit-link jp-Memkit-kernelName"
            title={trans.__('Go to %1', session.path)}
            onClick={act('open')}
          >
            {name}
          </button>
        ) : (
          <span className="jp-Memkit-kernelName" title={name}>
            {name}
          </span>
        )}
        <span className="jp-Memkit-kernelMemory">
          {describeMemory(row, trans)}
        </span>
      </div>
      <span
        className="jp-Memkit-bar"
        style={{ width: `${String(((bytes ?? 0) / scaleBytes) * 100)}%` }}
      />
      <div className="jp-Memkit-kernelBottom">
        <span className="jp-Memkit-detail">
          {isHoarding && <strong>{describeHoarding(row, trans)}</strong>}
          {isHoarding && ' · '}
          {describeKernel(row, trans).join(' · ')}
        </span>
        <span className="jp-Memkit-kernelButtons">
          {state === 'busy' && (
            <IconButton
              icon={stopIcon}
              title={trans.__('Interrupt the kernel of %1', name)}
              onClick={act('interrupt')}
            />
          )}
          <IconButton
            icon={refreshIcon}
            title={trans.__('Restart the kernel of %1…', name)}
            onClick={act('restart')}
          />
          <IconButton
            icon={closeIcon}
            title={trans.__('Shut down the kernel of %1…', name)}
            onClick={act('shutdown')}
          />
        </span>
      </div>
    </li>
  );
}

export namespace KernelRow {
  export type Action = 'open' | 'interrupt' | 'restart' | 'shutdown';

  export interface IProps {
    row: IKernelRow;
    /** The memory of a bar over the full width. */
    scaleBytes: number;
    onAction: (action: Action, row: IKernelRow) => void;
    trans: TranslationBundle;
  }
}

/**
 * A button that is named by its tooltip.
 */
export function IconButton(props: IconButton.IProps): React.JSX.Element {
  const { icon, title, onClick } = props;
  return (
    <button
      type="button"
      className="jp-Memkit-iconButton"
      title={title}
      aria-label={title}
      onClick={onClick}
    >
      <icon.react tag="span" />
    </button>
  );
}

export namespace IconButton {
  export interface IProps {
    icon: LabIcon;
    title: string;
    onClick: () => void;
  }
}
