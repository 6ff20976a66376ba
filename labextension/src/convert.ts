import type { Activity, Cell, Present, RunningCell } from './protocol';
import type { IActivity, ICell, IPresent, IRunningCell } from './records';

// Converts from the names in the protocol to those in the page.

export function convertRunningCell(cell: Cell | RunningCell): IRunningCell {
  return {
    executionCount: cell.execution_count,
    cellId: cell.cell_id,
    firstLine: cell.first_line,
    startedS: cell.started_s,
    beforeBytes: cell.before_bytes,
    peakBytes: cell.peak_bytes,
    exact: cell.exact
  };
}

export function convertActivity(activity: Activity): IActivity {
  return {
    label: activity.label,
    unit: activity.unit,
    toldS: activity.told_s,
    done: activity.done,
    total: activity.total,
    perS: activity.per_s,
    chunks: activity.chunks,
    chunkPeakBytes: activity.chunk_peak_bytes,
    budgetBytes: activity.budget_bytes
  };
}

export function convertCell(cell: Cell): ICell {
  return {
    ...convertRunningCell(cell),
    durationS: cell.duration_s,
    afterBytes: cell.after_bytes,
    peakLine: cell.peak_line,
    childrenBeforeBytes: cell.children_before_bytes,
    childrenPeakBytes: cell.children_peak_bytes,
    childrenExact: cell.children_exact,
    gcS: cell.gc_s,
    majorFaults: cell.major_faults,
    error: cell.error
  };
}

/**
 * @param childrenBytes - the memory of the child processes, from the last reading.
 */
export function convertPresent(
  present: Present,
  childrenBytes: number
): IPresent {
  const pause = present.collector_pause;
  return {
    children: present.children,
    // The reading may be older than the end of the last of them.
    childrenBytes: present.children === 0 ? 0 : childrenBytes,
    swapBytes: present.swap_bytes,
    gpus: present.gpus.map(gpu => ({
      index: gpu.index,
      name: gpu.name,
      usedBytes: gpu.used_bytes,
      totalBytes: gpu.total_bytes,
      processBytes: gpu.process_bytes,
      allocators: gpu.allocators.map(allocator => ({
        library: allocator.library,
        allocatedBytes: allocator.allocated_bytes,
        reservedBytes: allocator.reserved_bytes,
        peakBytes: allocator.peak_bytes
      }))
    })),
    collectorPause: pause && {
      enabled: pause.enabled,
      by: pause.by,
      sinceS: pause.since_s
    }
  };
}
