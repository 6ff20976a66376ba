import type { TranslationBundle } from '@jupyterlab/translation';
import * as React from 'react';

/**
 * Something that leads to a cell, or plain text if the cell has no id.
 */
export function CellLink(props: CellLink.IProps): React.JSX.Element {
  const { cellId, onOpen, children, trans } = props;
  return cellId === null ? (
    <span>{children}</span>
  ) : (
    <button
      type="button"
      className="jp-Memkit-link"
      title={trans.__('Go to the cell')}
      onClick={() => {
        onOpen(cellId);
      }}
    >
      {children}
    </button>
  );
}

export namespace CellLink {
  export interface IProps {
    cellId: string | null;
    /** Show a cell in its notebook. */
    onOpen: (cellId: string) => void;
    children: React.ReactNode;
    trans: TranslationBundle;
  }
}
