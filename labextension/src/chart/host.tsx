import type { TranslationBundle } from '@jupyterlab/translation';
import * as React from 'react';

/**
 * The element in which the chart draws; the keyboard can reach it.
 */
export const ChartHost = React.memo(function ChartHost(props: {
  hasChildren: boolean;
  onHost: (host: HTMLElement | null) => void;
  trans: TranslationBundle;
}): React.JSX.Element {
  const { hasChildren, onHost, trans } = props;
  const keysId = React.useId();
  return (
    <>
      <div
        ref={onHost}
        className="jp-Memkit-chart"
        data-testid="memkit-chart"
        role="group"
        tabIndex={0}
        aria-label={
          hasChildren
            ? trans.__('Memory over time, with child processes on top')
            : trans.__('Memory over time')
        }
        aria-describedby={keysId}
      />
      <p id={keysId} className="jp-Memkit-spoken">
        {trans.__(
          'Left and right move in time, with Shift the cursor; up and down move ' +
            'the cursor from cell to cell, and Enter goes to its cell. Plus and ' +
            'minus zoom, Home shows the start, End and Escape follow the present.'
        )}
      </p>
    </>
  );
});
