import type { TranslationBundle } from '@jupyterlab/translation';
import * as React from 'react';

import type { IRunningCell } from '../wire/protocol';

/**
 * The number of a cell and its line, as a link to the cell if it has an id.
 */
export function CellName(props: CellName.IProps): React.JSX.Element {
  const { cell, onOpen, trans } = props;
  const { cellId, executionCount, firstLine } = cell;
  const count = executionCount === null ? ' ' : String(executionCount);
  const name = (
    <>
      <span className="jp-Memkit-count">[{count}]</span>
      <code>{firstLine}</code>
    </>
  );
  return cellId === null ? (
    <span className="jp-Memkit-name">{name}</span>
  ) : (
    <button
      type="button"
      className="jp-Memkit-name"
      aria-label={trans.__('Go to cell %1: %2', count, firstLine)}
      onClick={() => {
        onOpen(cellId);
      }}
    >
      {name}
    </button>
  );
}

export namespace CellName {
  export interface IProps {
    cell: IRunningCell;
    onOpen: (cellId: string) => void;
    trans: TranslationBundle;
  }
}
