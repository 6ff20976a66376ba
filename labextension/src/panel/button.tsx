import * as React from 'react';

import type { PanelAction } from './actions';

/**
 * A button that does something about what the text next to it says.
 */
export function ActionButton(props: ActionButton.IProps): React.JSX.Element {
  const { action, isMain, title, testId, onAction, children } = props;
  return (
    <button
      type="button"
      className={`jp-mod-styled${isMain ? ' jp-mod-accept' : ''}`}
      title={title}
      data-testid={testId}
      data-action={action}
      onClick={() => {
        onAction(action);
      }}
    >
      {children}
    </button>
  );
}

export namespace ActionButton {
  export interface IProps {
    action: PanelAction;
    isMain?: boolean;
    title?: string | undefined;
    testId?: string | undefined;
    onAction: (action: PanelAction) => void;
    children: React.ReactNode;
  }
}
