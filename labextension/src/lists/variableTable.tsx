import type { TranslationBundle } from '@jupyterlab/translation';
import * as React from 'react';

import { Header } from '../cells/header';
import { formatBytes, formatChange, formatCount } from '../text/format';
import type { IListedVariable, IVariables } from '../wire/protocol';
import type { VariableOrder, VariableOrderKey } from './variableOrder';
import { selectVariables } from './variableOrder';
import { Parts } from './parts';
import { VariableRow } from './variableRow';

// Names of functions and small differences of estimates are not worth a row.
const ROW_MIN_BYTES = 1024 * 1024;

/** Not a name that a variable can have in the list of those that are expanded. */
const REST = '';

/**
 * The variables, and what else the process holds: the rows add up to its memory.
 */
export const VariableTable = React.memo(function VariableTable(
  props: VariableTable.IProps
): React.JSX.Element {
  const { list, growth, filter, order, expanded, onSort, ...row } = props;
  const { onToggle, trans } = row;
  const rows = selectVariables(list.variables, growth, filter, order);
  const listedBytes = list.variables.reduce(
    (sum, { bytes }) => sum + bytes,
    list.moreBytes
  );
  const correctionBytes = list.totalBytes - listedBytes;
  const processBytes = list.totalBytes + (list.restBytes ?? 0);
  return (
    <table
      className="jp-Memkit-table jp-Memkit-variables"
      role="table"
      aria-label={trans.__('Variables')}
      data-testid="memkit-variables"
      data-total-bytes={list.totalBytes}
      data-rest-bytes={list.restBytes ?? undefined}
    >
      <Header columns={columnsOf(trans)} order={order} onSort={onSort}>
        <th role="columnheader" scope="col">
          <span className="jp-Memkit-hiddenText">{trans.__('Actions')}</span>
        </th>
      </Header>
      <tbody role="rowgroup">
        {rows.map(variable => (
          <VariableRow
            {...row}
            key={variable.name}
            variable={variable}
            growthBytes={growth.get(variable.name) ?? null}
            processBytes={processBytes}
            isExpanded={expanded.has(variable.name)}
          />
        ))}
        {list.more > 0 && (
          <Sum
            label={trans.__('%1 smaller variables', formatCount(list.more))}
            size={formatBytes(list.moreBytes)}
          />
        )}
        {Math.abs(correctionBytes) >= ROW_MIN_BYTES && (
          <Sum
            label={
              correctionBytes < 0
                ? trans.__('Shared memory, counted once')
                : trans.__('Functions, classes and private names')
            }
            size={formatChange(correctionBytes)}
          />
        )}
        {list.restBytes !== null && (
          <Sum
            label={
              list.restBytes < 0
                ? trans.__('Not resident: never written to, or in swap')
                : trans.__('Not in variables')
            }
            size={formatBytes(list.restBytes)}
          >
            {list.rest.length > 0 && (
              <Parts
                label={trans.__('What is not in variables')}
                parts={list.rest}
                isExpanded={expanded.has(REST)}
                onToggle={() => {
                  onToggle(REST);
                }}
              />
            )}
          </Sum>
        )}
        {list.restBytes !== null && (
          <Sum
            label={trans.__('The process')}
            size={formatBytes(processBytes)}
          />
        )}
      </tbody>
    </table>
  );
});

export namespace VariableTable {
  export interface IProps {
    list: IVariables;
    /** The growth of each variable that is not new, in bytes. */
    growth: ReadonlyMap<string, number>;
    /** Only names and types that contain this are shown. */
    filter: string;
    order: VariableOrder;
    /** Whether a new list is about to come, so that no menu is opened. */
    isOutdated: boolean;
    /** The rows whose parts are shown. */
    expanded: ReadonlySet<string>;
    onSort: (key: VariableOrderKey) => void;
    onToggle: (name: string) => void;
    onMenu: (variable: IListedVariable, button: HTMLElement) => void;
    trans: TranslationBundle;
  }
}

/**
 * A row that is not about one variable.
 */
function Sum(props: Sum.IProps): React.JSX.Element {
  return (
    <tr role="row" className="jp-Memkit-sum">
      <td role="cell" className="jp-Memkit-cell">
        <span className="jp-Memkit-name">{props.label}</span>
        {props.children}
      </td>
      <td role="cell" />
      <td role="cell" className="jp-Memkit-number">
        {props.size}
      </td>
      <td role="cell" />
    </tr>
  );
}

namespace Sum {
  export interface IProps {
    label: string;
    size: string;
    children?: React.ReactNode;
  }
}

function columnsOf(
  trans: TranslationBundle
): readonly Header.IColumn<VariableOrderKey>[] {
  return [
    {
      key: 'name',
      label: trans.__('Variable'),
      title: trans.__('Sort by name')
    },
    {
      key: 'growth',
      label: trans.__('Growth'),
      title: trans.__('Sort by growth since the previous list')
    },
    {
      key: 'size',
      label: trans.__('Size'),
      title: trans.__('Sort by size')
    }
  ];
}
