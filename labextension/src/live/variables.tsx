import type { TranslationBundle } from '@jupyterlab/translation';
import * as React from 'react';

import { formatBytes } from '../text/format';
import { describeVariable, formatSize } from '../text/inspection';
import type { IVariables } from '../wire/protocol';

/**
 * The largest variables, each with its share of the largest.
 */
export const Variables = React.memo(function Variables(
  props: Variables.IProps
): React.JSX.Element {
  const { listed, isStale, trans } = props;
  const mostBytes = listed?.variables[0]?.bytes ?? 0;
  return (
    <section
      className={`jp-Memkit-variables${isStale ? ' jp-mod-stale' : ''}`}
      aria-label={trans.__('Variables')}
      tabIndex={0}
    >
      <table>
        <caption>{describeTotal(listed, trans)}</caption>
        <tbody>
          {listed?.variables.map(each => (
            <tr key={each.name} data-name={each.name} data-bytes={each.bytes}>
              <th scope="row">
                <code title={each.name}>{each.name}</code>
                <small>{describeVariable(each, trans).join(' · ')}</small>
              </th>
              <td>
                {formatSize(each, trans)}
                <div
                  className="jp-Memkit-share"
                  style={{
                    width: `${String(shareOf(each.bytes, mostBytes))}%`
                  }}
                />
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  );
});

export namespace Variables {
  export interface IProps {
    listed: IVariables | null;
    // Whether the kernel no longer reports.
    isStale: boolean;
    trans: TranslationBundle;
  }
}

function describeTotal(
  listed: IVariables | null,
  trans: TranslationBundle
): string {
  if (listed === null) {
    return trans.__('Variables are listed between cells.');
  }
  const count = listed.variables.length + listed.more;
  // The total includes functions and classes.
  return count === 0
    ? trans.__('There are no variables.')
    : trans._n(
        '%1 variable; %2',
        '%1 variables; %2 together',
        count,
        formatBytes(listed.totalBytes)
      );
}

function shareOf(bytes: number, mostBytes: number): number {
  return mostBytes === 0 ? 0 : (100 * bytes) / mostBytes;
}
