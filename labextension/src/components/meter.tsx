import type { TranslationBundle } from '@jupyterlab/translation';
import * as React from 'react';

import { formatBytes } from '../format';
import type { ILimit } from '../records';

const WARNING_SHARE = 0.8;
const DANGER_SHARE = 0.95;

/**
 * How much of the limit is in use, with a tick at the peak.
 */
export function Meter(props: Meter.IProps): React.JSX.Element {
  const { label, name, rssBytes, peakBytes, limit, trans } = props;
  const share = rssBytes / limit.bytes;
  const percent = Math.floor(share * 100);
  const shown = percent === 0 ? '< 1' : String(percent);
  const peakShare = Math.min(1, (peakBytes ?? 0) / limit.bytes);
  const sentence = trans.__('%1 % of %2', shown, formatBytes(limit.bytes));
  return (
    <div className={`jp-Memkit-meter ${levelClass(share)}`}>
      <div
        className="jp-Memkit-track"
        role="meter"
        aria-label={label}
        aria-valuemin={0}
        aria-valuemax={100}
        aria-valuenow={Math.min(percent, 100)}
        aria-valuetext={sentence}
      >
        <div
          className="jp-Memkit-fill"
          style={{ width: `${String(Math.min(1, share) * 100)}%` }}
        />
        {peakShare > share && (
          <div
            className="jp-Memkit-tick"
            style={{ left: `${String(peakShare * 100)}%` }}
          />
        )}
      </div>
      <div className="jp-Memkit-limit">
        <span data-testid={`memkit-${name}`} data-bytes={limit.bytes}>
          {sentence}
          {warning(share, trans)}
        </span>
        <span className="jp-Memkit-limitName" title={limit.name}>
          {limit.name}
        </span>
      </div>
    </div>
  );
}

export namespace Meter {
  export interface IProps {
    /** The label for screen readers. */
    label: string;
    /** The test id. */
    name: 'limit' | 'gpu';
    rssBytes: number;
    peakBytes: number | null;
    limit: ILimit;
    trans: TranslationBundle;
  }
}

function levelClass(share: number): string {
  if (share > DANGER_SHARE) {
    return 'jp-mod-error';
  }
  return share > WARNING_SHARE ? 'jp-mod-warning' : '';
}

/**
 * The level in words, because colour alone is not accessible.
 */
function warning(
  share: number,
  trans: TranslationBundle
): React.JSX.Element | null {
  if (share <= WARNING_SHARE) {
    return null;
  }
  return (
    <strong className="jp-Memkit-warning">
      {share > DANGER_SHARE ? trans.__('almost full') : trans.__('filling up')}
    </strong>
  );
}
