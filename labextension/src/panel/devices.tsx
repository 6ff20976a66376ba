import type { TranslationBundle } from '@jupyterlab/translation';
import * as React from 'react';

import { formatBytes } from '../text/format';
import type { IGpu, IGpuAllocator, IPresent } from '../wire/protocol';

/**
 * The memory of the GPUs.
 */
export function Devices(props: Devices.IProps): React.JSX.Element | null {
  const { present, isStale, trans } = props;
  if (present.gpus.length === 0) {
    return null;
  }
  return (
    <section
      className={`jp-Memkit-devices${isStale ? ' jp-mod-stale' : ''}`}
      aria-label={trans.__('GPUs')}
    >
      {present.gpus.map(gpu => (
        <Gpu key={gpu.index} gpu={gpu} trans={trans} />
      ))}
      {isStale && (
        <div className="jp-Memkit-source">
          {trans.__('As last reported by the kernel')}
        </div>
      )}
    </section>
  );
}

export namespace Devices {
  export interface IProps {
    present: IPresent;
    /** Whether the kernel does not report any more, or not at the moment. */
    isStale: boolean;
    trans: TranslationBundle;
  }
}

function Gpu(props: {
  gpu: IGpu;
  trans: TranslationBundle;
}): React.JSX.Element {
  const { gpu, trans } = props;
  const label = trans.__('GPU %1', gpu.index);
  const percent = Math.floor((100 * gpu.usedBytes) / gpu.totalBytes);
  const kernelShare = (gpu.processBytes ?? 0) / gpu.totalBytes;
  return (
    <div className="jp-Memkit-gpu">
      <div className="jp-Memkit-beside">
        <span>{label}</span>
        <span data-testid="memkit-gpu" data-bytes={gpu.usedBytes}>
          {trans.__(
            '%1 of %2',
            formatBytes(gpu.usedBytes),
            formatBytes(gpu.totalBytes)
          )}
        </span>
      </div>
      <div
        className="jp-Memkit-gauge"
        role="meter"
        aria-label={label}
        aria-valuemin={0}
        aria-valuemax={100}
        aria-valuenow={Math.min(100, percent)}
        aria-valuetext={trans.__(
          '%1% of %2',
          percent,
          formatBytes(gpu.totalBytes)
        )}
        title={gpu.name}
      >
        <div className="jp-Memkit-segments">
          <div
            className="jp-Memkit-kernel"
            style={{ width: `${String(100 * kernelShare)}%` }}
          />
          <div
            className="jp-Memkit-other"
            style={{
              width: `${String(Math.max(0, percent - 100 * kernelShare))}%`
            }}
          />
        </div>
      </div>
      {gpu.processBytes !== null && (
        <div className="jp-Memkit-beside">
          <span>{trans.__('This kernel')}</span>
          <span data-testid="memkit-gpu-kernel">
            {formatBytes(gpu.processBytes)}
          </span>
        </div>
      )}
      {gpu.allocators.map(allocator => (
        <div className="jp-Memkit-beside" key={allocator.library}>
          <span>{allocator.library}</span>
          <span>{describe(allocator, trans)}</span>
        </div>
      ))}
    </div>
  );
}

function describe(
  { allocatedBytes, reservedBytes, peakBytes }: IGpuAllocator,
  trans: TranslationBundle
): string {
  return [
    trans.__('%1 allocated', formatBytes(allocatedBytes)),
    ...(reservedBytes === null
      ? []
      : [trans.__('%1 reserved', formatBytes(reservedBytes))]),
    ...(peakBytes === null
      ? []
      : [trans.__('highest %1', formatBytes(peakBytes))])
  ].join(', ');
}
