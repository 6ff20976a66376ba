import type { TranslationBundle } from '@jupyterlab/translation';
import * as React from 'react';

import { formatBytes } from '../format';
import type { IGpu, IGpuAllocator, IPresent } from '../records';
import { Meter } from './meter';

/**
 * Memory besides the kernel's own: child processes, swap, GPUs.
 */
export function Present(props: Present.IProps): React.JSX.Element | null {
  const { present, isStale, trans } = props;
  const { children, childrenBytes, swapBytes, gpus } = present;
  const hasSwap = swapBytes !== null && swapBytes > 0;
  if (children === 0 && !hasSwap && gpus.length === 0) {
    return null;
  }
  return (
    <section
      className={`jp-Memkit-present${isStale ? ' jp-mod-stale' : ''}`}
      aria-label={trans.__('Other memory')}
    >
      {children > 0 && (
        <div className="jp-Memkit-beside">
          <span className="jp-Memkit-childrenLabel">
            {trans._n('%1 child process', '%1 child processes', children)}
          </span>
          <span data-testid="memkit-children" data-bytes={childrenBytes}>
            {formatBytes(childrenBytes)}
          </span>
        </div>
      )}
      {hasSwap && (
        <div className="jp-Memkit-beside">
          <span>{trans.__('In swap')}</span>
          <span data-testid="memkit-swap" data-bytes={swapBytes}>
            {formatBytes(swapBytes)}
          </span>
        </div>
      )}
      {gpus.map(gpu => (
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

export namespace Present {
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
  return (
    <div className="jp-Memkit-gpu">
      <div className="jp-Memkit-beside">
        <span>{label}</span>
        <span>{formatBytes(gpu.usedBytes)}</span>
      </div>
      <Meter
        label={label}
        name="gpu"
        rssBytes={gpu.usedBytes}
        peakBytes={null}
        limit={{ bytes: gpu.totalBytes, name: gpu.name }}
        trans={trans}
      />
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
    ...(peakBytes === null ? [] : [trans.__('peak %1', formatBytes(peakBytes))])
  ].join(', ');
}
