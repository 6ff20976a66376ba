// Generated from jupyter_memkit/protocol.py by `python -m tests.protocol_codegen`.
// Do not edit: change the Python module and run the command.

export const PROTOCOL_VERSION = 1;
export const COMM_ID = 'jupyter_memkit';
export const REQUEST_TYPE = 'memkit_request';
export const REPLY_TYPE = 'memkit_reply';

/**
 * Readings as columns of equal length, oldest first.
 *
 * `peak_bytes` is the system's high-water mark if it rose since the previous
 * reading, so that a spike between two readings is visible; otherwise the reading.
 * `children_bytes` is the total memory of the kernel's child processes.
 */
export type SampleColumns = {
  t_s: number[];
  rss_bytes: number[];
  peak_bytes: number[];
  children_bytes: number[];
};

/**
 * The tightest limit on the kernel's memory, and what sets it.
 */
export type Limit = {
  bytes: number;
  name: string;
};

/**
 * The device memory that a library in the kernel holds.
 *
 * `allocated_bytes` is used by objects, `reserved_bytes` is what the library holds
 * on the device for them, `peak_bytes` is the highest `allocated_bytes`.
 */
export type GpuAllocator = {
  library: string;
  allocated_bytes: number;
  reserved_bytes: number | null;
  peak_bytes: number | null;
};

/**
 * The memory of a GPU, in total and of the kernel's process.
 *
 * `process_bytes` is `None` if the driver does not report it.
 */
export type Gpu = {
  index: number;
  name: string;
  used_bytes: number;
  total_bytes: number;
  process_bytes: number | null;
  allocators: GpuAllocator[];
};

/**
 * A change to Python's garbage collector, while it lasts.
 *
 * `enabled` is true if it runs with raised thresholds. `by` is the code that
 * paused it, such as `%gc_pause on`; `since_s` is the time, `None` after
 * `gc.disable()`, whose time is unknown.
 */
export type CollectorPause = {
  enabled: boolean;
  by: string;
  since_s: number | null;
};

/**
 * Figures at the moment of the message, of which no history is kept.
 *
 * `children` counts the kernel's descendant processes; `swap_bytes` is the
 * kernel's own memory in swap. `collector_pause` is `None` while the garbage
 * collector runs normally.
 */
export type Present = {
  children: number;
  swap_bytes: number | null;
  gpus: Gpu[];
  collector_pause: CollectorPause | null;
};

/**
 * The cell that is running at the moment of the message.
 */
export type RunningCell = {
  execution_count: number | null;
  cell_id: string | null;
  first_line: string;
  started_s: number;
  before_bytes: number;
  peak_bytes: number;
  exact: boolean;
};

/**
 * Running work that reports its progress, such as a run over chunks.
 *
 * `done` counts units of `unit`; `total` is their exact or estimated number,
 * `None` if unknown. `per_s` is the rate per second, `None` until it is known.
 * All figures are those at the time `told_s`. `chunk_peak_bytes` is how much the
 * process grew in the last chunk, `budget_bytes` how much it may grow.
 */
export type Activity = {
  label: string;
  unit: string;
  told_s: number;
  done: number;
  total: number | null;
  per_s: number | null;
  chunks: number;
  chunk_peak_bytes: number | null;
  budget_bytes: number | null;
};

/**
 * The record of a finished cell.
 *
 * `exact` is true if `peak_bytes` is the system's high-water mark rather than the
 * highest sample; `peak_line` is the line of the notebook that was running at the
 * highest sample, `None` if no sample saw the peak. `children_exact` is the same
 * for `children_peak_bytes`, the highest total memory of the child processes;
 * `children_before_bytes` is their memory at the start. `gc_s` is the garbage
 * collector's time; `gc_young`, `gc_middle` and `gc_old` count its collections
 * by generation. `minor_faults` and `major_faults` count page faults, without and
 * with a read from disk. `error` is the name of the exception that ended the cell,
 * `None` if it succeeded.
 */
export type Cell = {
  execution_count: number | null;
  cell_id: string | null;
  first_line: string;
  started_s: number;
  duration_s: number;
  before_bytes: number;
  after_bytes: number;
  peak_bytes: number;
  exact: boolean;
  peak_line: string | null;
  children_before_bytes: number;
  children_peak_bytes: number;
  children_exact: boolean;
  gc_s: number;
  gc_young: number;
  gc_middle: number;
  gc_old: number;
  minor_faults: number | null;
  major_faults: number | null;
  error: string | null;
};

/**
 * Sent while a cell runs, and when an idle kernel's memory changes.
 */
export type Samples = {
  type: 'samples';
  protocol: number;
  samples: SampleColumns;
  present: Present;
  running: RunningCell | null;
  activity: Activity | null;
};

/**
 * Sent after cells have ended, oldest first.
 */
export type Cells = {
  type: 'cells';
  protocol: number;
  cells: Cell[];
};

/**
 * Sent when the extension is unloaded.
 */
export type Goodbye = {
  type: 'goodbye';
  protocol: number;
};

/**
 * The reply to `Subscribe`: everything that the page needs to draw the sidebar.
 *
 * `samples` and `cells` are those after the request's `since_s`. `credit` is
 * the number of broadcasts for which the subscription lasts; the page renews it before
 * it is used up.
 */
export type Snapshot = {
  type: 'snapshot';
  protocol: number;
  version: string;
  limit: Limit | null;
  samples: SampleColumns;
  present: Present;
  cells: Cell[];
  running: RunningCell | null;
  activity: Activity | null;
  credit: number;
};

/**
 * The memory of a GPU in a `State`.
 */
export type GpuMemory = {
  index: number;
  used_bytes: number;
  total_bytes: number;
  process_bytes: number | null;
};

/**
 * Running work in a `State`, in its own units.
 */
export type Progress = {
  label: string;
  done: number;
  total: number | null;
};

/**
 * The running cell in a `State`.
 */
export type RunningSummary = {
  execution_count: number | null;
  first_line: string;
  started_s: number;
  before_bytes: number;
  peak_bytes: number;
};

/**
 * A finished cell in a `State`.
 */
export type CellSummary = {
  execution_count: number | null;
  first_line: string;
  duration_s: number;
  before_bytes: number;
  after_bytes: number;
  peak_bytes: number;
  children_peak_bytes: number;
  error: string | null;
};

/**
 * The reply to `AskState`: the whole state in at most 2 KB of JSON.
 *
 * Texts are truncated, and at most four devices are included. `exact` is true if the
 * peaks of cells are the system's high-water marks. `highest_cell` is the recorded
 * cell with the highest peak.
 */
export type State = {
  type: 'state';
  protocol: number;
  version: string;
  rss_bytes: number;
  limit: Limit | null;
  swap_bytes: number | null;
  children: number;
  children_bytes: number;
  gpus: GpuMemory[];
  collector_paused_by: string | null;
  activity: Progress | null;
  running: RunningSummary | null;
  exact: boolean;
  cells_ended: number;
  last_cell: CellSummary | null;
  highest_cell: CellSummary | null;
};

/**
 * The reply to `Unsubscribe`.
 */
export type Unsubscribed = {
  type: 'unsubscribed';
  protocol: number;
};

/**
 * The reply to a request of another protocol version.
 *
 * `version` is the version of jupyter_memkit in the kernel's environment.
 */
export type Incompatible = {
  type: 'incompatible';
  protocol: number;
  version: string;
};

/**
 * The reply to an invalid request.
 */
export type Refused = {
  type: 'refused';
  protocol: number;
  message: string;
};

/**
 * Request a `Snapshot`, and broadcasts from now on.
 *
 * A second request with the same `client_id` renews the credit. `since_s` is the
 * time of the last reading that the page has, 0 for everything.
 */
export type Subscribe = {
  type: 'subscribe';
  protocol: number;
  client_id: string;
  since_s: number;
};

/**
 * End the broadcasts to this client, because its sidebar is hidden.
 */
export type Unsubscribe = {
  type: 'unsubscribe';
  protocol: number;
  client_id: string;
};

/**
 * Request a `State`; for programs, which do not subscribe.
 */
export type AskState = {
  type: 'state';
  protocol: number;
};

/**
 * The memory of a kernel as read from outside by the server.
 */
export type ServerReading = {
  type: 'server_reading';
  protocol: number;
  t_s: number;
  rss_bytes: number;
};

export type Broadcast = Samples | Cells | Goodbye;

export type Reply = Snapshot | Unsubscribed | Incompatible | Refused;

export type LabMessage = Subscribe | Unsubscribe;
