import type { TranslationBundle } from '@jupyterlab/translation';
import * as React from 'react';

/**
 * The time ranges of the chart; `null` is everything.
 */
const RANGES = [60, 300, 3600, null] as const;

/**
 * The choice of the range, the return to the present, and what the colours mean.
 */
export const Toolbar = React.memo(function Toolbar(
  props: Toolbar.IProps
): React.JSX.Element {
  const { rangeS, isLive, hasChildren, hasGpu, showsGpu, trans } = props;
  return (
    <div className="jp-Memkit-timelineBar">
      <div
        className="jp-Memkit-ranges"
        role="group"
        aria-label={trans.__('Range of the timeline')}
      >
        {RANGES.map(range => (
          <button
            key={String(range)}
            type="button"
            aria-pressed={isLive && range === rangeS}
            onClick={() => {
              props.onRange(range);
            }}
          >
            {rangeLabel(range, trans)}
          </button>
        ))}
        <button
          type="button"
          className="jp-Memkit-live"
          aria-pressed={isLive}
          title={trans.__('Follow the present')}
          onClick={props.onLive}
        >
          {trans.__('Live')}
        </button>
      </div>
      {(hasChildren || hasGpu) && (
        <div className="jp-Memkit-legend">
          {hasChildren && (
            <span data-series="children">{trans.__('child processes')}</span>
          )}
          {hasGpu && (
            <button
              type="button"
              data-series="gpu"
              aria-pressed={showsGpu}
              title={trans.__('Show or hide the memory on GPUs')}
              onClick={props.onGpu}
            >
              {trans.__('GPU')}
            </button>
          )}
        </div>
      )}
    </div>
  );
});

export namespace Toolbar {
  export interface IProps {
    rangeS: number | null;
    /** Whether the chart follows the present. */
    isLive: boolean;
    hasChildren: boolean;
    hasGpu: boolean;
    showsGpu: boolean;
    onRange: (rangeS: number | null) => void;
    onLive: () => void;
    onGpu: () => void;
    trans: TranslationBundle;
  }
}

function rangeLabel(rangeS: number | null, trans: TranslationBundle): string {
  if (rangeS === null) {
    return trans.__('All');
  }
  return rangeS < 3600
    ? trans.__('%1 min', rangeS / 60)
    : trans.__('%1 h', rangeS / 3600);
}
