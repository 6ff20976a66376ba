import * as React from 'react';

import { formatBytes } from '../text/format';
import type { IMemoryPart } from '../wire/protocol';

/**
 * The parts of a row, behind a button that shows them.
 */
export function Parts(props: Parts.IProps): React.JSX.Element {
  const { label, parts, isExpanded, onToggle } = props;
  return (
    <>
      <button
        type="button"
        className="jp-Memkit-partsButton"
        aria-expanded={isExpanded}
        title={label}
        onClick={onToggle}
      >
        {parts.map(({ name }) => name).join(', ')}
      </button>
      {isExpanded && (
        <dl className="jp-Memkit-partList">
          {parts.map(({ name, bytes }) => (
            <div key={name}>
              <dt>{name}</dt>
              <dd>{formatBytes(bytes)}</dd>
            </div>
          ))}
        </dl>
      )}
    </>
  );
}

export namespace Parts {
  export interface IProps {
    label: string;
    parts: readonly IMemoryPart[];
    isExpanded: boolean;
    onToggle: () => void;
  }
}

/**
 * The names of the rows that are expanded, after a click on one.
 */
export function toggleName(
  expanded: ReadonlySet<string>,
  name: string
): ReadonlySet<string> {
  const toggled = new Set(expanded);
  if (!toggled.delete(name)) {
    toggled.add(name);
  }
  return toggled;
}
