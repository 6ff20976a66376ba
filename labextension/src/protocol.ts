// Generated from jupyter_memkit/protocol.py by `python -m tests.protocol_codegen`.
// Do not edit: change the Python module and run the command.

export const PROTOCOL_VERSION = 1;
export const COMM_ID = 'jupyter_memkit';
export const REQUEST_TYPE = 'memkit_request';
export const REPLY_TYPE = 'memkit_reply';

/**
 * Readings as columns of equal length, oldest first.
 *
 * `peak_bytes` is the system's high-water mark where it rose since the
 * reading before, so a spike between two readings shows; else the reading.
 * `children_bytes` is the memory of the kernel's child processes together.
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
 * What a library in the kernel holds of a device.
 *
 * `allocated_bytes` is in objects, `reserved_bytes` is what the library keeps
 * of the device for them, `peak_bytes` the highest `allocated_bytes`.
 */
export type GpuAllocator = {
  library: string;
  allocated_bytes: number;
  reserved_bytes: number | null;
  peak_bytes: number | null;
};

/**
 * The memory of a graphics device, of all of it and of the kernel's process.
 *
 * `process_bytes` is `None` where the driver does not tell.
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
 * Python's garbage collector, while it does not run as it was found.
 *
 * `enabled` says that it runs, but with raised thresholds. `by` is the code that
 * paused it, such as `%gc_pause on`; `since_s` is when, `None` where
 * `gc.disable()` did it, which leaves no date.
 */
export type CollectorPause = {
  enabled: boolean;
  by: string;
  since_s: number | null;
};

/**
 * What is only told for the moment of the message.
 *
 * `children` counts the kernel's child processes, those of theirs included;
 * `swap_bytes` is the kernel's own memory in swap. `collector_pause` is `None`
 * while the garbage collector runs.
 */
export type Present = {
  children: number;
  swap_bytes: number | null;
  gpus: Gpu[];
  collector_pause: CollectorPause | null;
};

/**
 * The cell that runs at the moment of the message.
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
 * The work under way that counts what it has done, such as a run over chunks.
 *
 * `done` counts units of `unit`, of which there are `total`, or look to be;
 * `None` where nothing tells. `per_s` is how many are done in a second, `None`
 * until that can be told. All of this was so at `told_s`. `chunk_peak_bytes` is
 * by how much the process grew in the last chunk, `budget_bytes` by how much it may.
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
 * The account of a finished cell.
 *
 * `exact` says whether `peak_bytes` is the system's high-water mark or
 * the highest of the samples; `peak_line` is the line of the notebook that ran at
 * the highest sample, `None` where no sample saw the peak. `children_exact` says
 * the same of `children_peak_bytes`, the highest memory of child processes together;
 * `children_before_bytes` is that at the start.
 * `gc_s` is the garbage collector's time; `gc_young`, `gc_middle` and
 * `gc_old` count its collections by generation. `minor_faults` and
 * `major_faults` count page faults, without and with a read from disk.
 * `error` is the name of the exception that ended the cell, `None` when it
 * ended well.
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
 * Broadcast while a cell runs, and when an idle kernel's memory changes.
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
 * Broadcast after cells have ended, oldest first.
 */
export type Cells = {
  type: 'cells';
  protocol: number;
  cells: Cell[];
};

/**
 * Broadcast when the extension is unloaded.
 */
export type Goodbye = {
  type: 'goodbye';
  protocol: number;
};

/**
 * The reply to `Subscribe`: all that the page needs to draw the sidebar.
 *
 * `samples` and `cells` hold what is later than the request's
 * `since_s`. `credit` is the number of broadcasts that the subscription
 * is good for; the page subscribes again before it is used up.
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
 * The memory of a graphics device in a `State`.
 */
export type GpuMemory = {
  index: number;
  used_bytes: number;
  total_bytes: number;
  process_bytes: number | null;
};

/**
 * The work under way in a `State`, in units of its own.
 */
export type Progress = {
  label: string;
  done: number;
  total: number | null;
};

/**
 * The cell that runs, in a `State`.
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
 * Texts are cut, and at most four devices are told. `exact` says whether the peaks
 * of cells are the system's high-water marks. `highest_cell` is the finished cell
 * with the highest peak of those that are kept.
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
 * The reply to a request that is not one of this protocol.
 */
export type Refused = {
  type: 'refused';
  protocol: number;
  message: string;
};

/**
 * Ask for a `Snapshot` and for broadcasts from now on.
 *
 * Sent again by the same `client_id` it renews the credit; `since_s` is
 * then the time of the last reading that the page has, 0 for everything.
 */
export type Subscribe = {
  type: 'subscribe';
  protocol: number;
  client_id: string;
  since_s: number;
};

/**
 * End the broadcasts for this client: its sidebar is hidden.
 */
export type Unsubscribe = {
  type: 'unsubscribe';
  protocol: number;
  client_id: string;
};

/**
 * Ask for a `State`; for programs, which subscribe to nothing.
 */
export type AskState = {
  type: 'state';
  protocol: number;
};

/**
 * The memory of a kernel as read by the server, from outside the kernel.
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
