import type { TranslationBundle } from '@jupyterlab/translation';
import * as React from 'react';

import type { ChannelStatus, LossReason } from '../wire/status';
import type { PanelAction } from './actions';
import { ActionButton } from './button';

/**
 * Why there is nothing to show, and what to do about it.
 */
export function Notice(props: Notice.IProps): React.JSX.Element {
  const { sentence, action, onAction } = props;
  return (
    <div className="jp-Memkit-notice" role="status">
      <p>{sentence}</p>
      {action && (
        <ActionButton
          action={action.kind}
          isMain
          testId="memkit-action"
          onAction={onAction}
        >
          {action.label}
        </ActionButton>
      )}
    </div>
  );
}

export namespace Notice {
  export interface IProps extends INotice {
    onAction: (action: PanelAction) => void;
  }
}

/**
 * A sentence, and what the user can do about it.
 */
export interface INotice {
  readonly sentence: string;
  readonly action: {
    readonly kind: PanelAction;
    readonly label: string;
  } | null;
}

/**
 * The notice on a status, `null` if there is nothing to say.
 */
export function describeStatus(
  status: ChannelStatus,
  { isBlind, isWaiting }: { isBlind: boolean; isWaiting: boolean },
  trans: TranslationBundle
): INotice | null {
  if (isWaiting) {
    return {
      sentence: trans.__('This is done when the running cell has ended.'),
      action: { kind: 'interrupt', label: trans.__('Interrupt kernel') }
    };
  }
  switch (status.kind) {
    case 'live':
      return isBlind
        ? {
            sentence: trans.__(
              'The kernel is silent, and the server cannot read its memory; the figure is shown again when the kernel can answer.'
            ),
            action: { kind: 'interrupt', label: trans.__('Interrupt kernel') }
          }
        : null;
    case 'unreadable':
      return {
        sentence: trans.__(
          'The kernel uses a different version of jupyter_memkit: install the same version where the kernel and JupyterLab run, restart the kernel, and reload the page.'
        ),
        action: { kind: 'reload', label: trans.__('Reload page') }
      };
    case 'no-session':
      return {
        sentence: trans.__('Open a notebook or a console to see its memory.'),
        action: { kind: 'new-notebook', label: trans.__('New notebook') }
      };
    case 'no-kernel':
      return {
        sentence: trans.__(
          'No kernel is running, so there is no memory to show.'
        ),
        action: { kind: 'select-kernel', label: trans.__('Select kernel') }
      };
    case 'unsupported':
      return {
        sentence: trans.__(
          'Cells and their peaks are shown for Python; this kernel runs %1.',
          status.language
        ),
        action: null
      };
    case 'connecting':
      return { sentence: trans.__('Waiting for the kernel…'), action: null };
    case 'not-loaded':
      return {
        sentence:
          status.error === null
            ? trans.__('jupyter_memkit is not loaded in this kernel.')
            : trans.__('jupyter_memkit could not be loaded: %1', status.error),
        action: { kind: 'load', label: trans.__('Load') }
      };
    case 'not-installed':
      return {
        sentence: trans.__(
          'jupyter_memkit is not installed in this kernel’s environment: run %1 in a cell.',
          '%pip install jupyter_memkit'
        ),
        action: { kind: 'copy-install', label: trans.__('Copy command') }
      };
    case 'busy':
      return {
        sentence: trans.__(
          'The kernel is busy; its memory is shown when it can answer.'
        ),
        action: { kind: 'interrupt', label: trans.__('Interrupt kernel') }
      };
    case 'incompatible':
      return describeMismatch(status.kernel, status.lab, trans);
    case 'lost':
      return describeLoss(status.reason, trans);
  }
}

function describeMismatch(
  kernel: number,
  lab: number,
  trans: TranslationBundle
): INotice {
  return kernel < lab
    ? {
        sentence: trans.__(
          'jupyter_memkit in the kernel’s environment is too old for this sidebar (protocol %1, here %2): run %3 in a cell, then restart the kernel.',
          kernel,
          lab,
          '%pip install --upgrade jupyter_memkit'
        ),
        action: { kind: 'copy-upgrade', label: trans.__('Copy command') }
      }
    : {
        sentence: trans.__(
          'This sidebar is too old for the kernel’s jupyter_memkit (protocol %1, here %2): upgrade jupyter_memkit where JupyterLab runs, then reload the page.',
          kernel,
          lab
        ),
        action: { kind: 'reload', label: trans.__('Reload page') }
      };
}

function describeLoss(reason: LossReason, trans: TranslationBundle): INotice {
  switch (reason) {
    case 'died':
      return {
        sentence: trans.__('The kernel has died.'),
        action: { kind: 'restart', label: trans.__('Restart kernel') }
      };
    case 'disconnected':
      return {
        sentence: trans.__('The connection to the kernel was lost.'),
        action: { kind: 'reconnect', label: trans.__('Reconnect') }
      };
    case 'refused':
      return {
        sentence: trans.__('The kernel refused to report its memory.'),
        action: { kind: 'reconnect', label: trans.__('Try again') }
      };
  }
}
