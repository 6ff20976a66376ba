// Generated from jupyter_memkit/protocol.py by `python -m tests.protocol_codegen`.
// Do not edit: change the Python module and run the command.

import {
  boolean,
  columns,
  listOf,
  literal,
  nullable,
  number,
  record,
  string,
  tagged
} from './decode';

export const PROTOCOL_VERSION = 1;
export const BROADCAST_TYPE = 'memkit_broadcast';
export const REQUEST_TYPE = 'memkit_request';
export const REPLY_TYPE = 'memkit_reply';

/**
 * Readings as columns of equal length, oldest first.
 *
 * `peak_bytes` is the system's high-water mark if it rose since the previous
 * reading, so that a spike between two readings is visible; otherwise the reading.
 * `children_bytes` is the total memory of the kernel's child processes.
 */
export interface ISampleColumns {
  readonly tS: readonly number[];
  readonly rssBytes: readonly number[];
  readonly peakBytes: readonly number[];
  readonly childrenBytes: readonly number[];
}

export const decodeSampleColumns = columns<ISampleColumns>({
  tS: ['t_s', listOf(number)],
  rssBytes: ['rss_bytes', listOf(number)],
  peakBytes: ['peak_bytes', listOf(number)],
  childrenBytes: ['children_bytes', listOf(number)]
});

/**
 * How full the limit with the least room is.
 *
 * `used_bytes` is all that counts against the limit, and `covers` whose memory
 * that is: of the kernel's process, of the kernel and its child processes, of all
 * processes in its container, or of all on the machine. `name` is the source of the
 * limit.
 */
export interface IGauge {
  readonly limitBytes: number;
  readonly usedBytes: number;
  readonly name: string;
  readonly covers: 'kernel' | 'family' | 'container' | 'machine';
}

export const decodeGauge = record<IGauge>({
  limitBytes: ['limit_bytes', number],
  usedBytes: ['used_bytes', number],
  name: ['name', string],
  covers: ['covers', literal('kernel', 'family', 'container', 'machine')]
});

/**
 * The highest memory since the kernel started.
 *
 * `bytes` is the memory of the kernel and its child processes. `exact` is true for
 * the system's high-water mark of the kernel alone. `execution_count` and
 * `cell_id` are those of the cell that was running, `None` between cells.
 */
export interface IHighest {
  readonly bytes: number;
  readonly executionCount: number | null;
  readonly cellId: string | null;
  readonly exact: boolean;
}

export const decodeHighest = record<IHighest>({
  bytes: ['bytes', number],
  executionCount: ['execution_count', nullable(number)],
  cellId: ['cell_id', nullable(string)],
  exact: ['exact', boolean]
});

/**
 * The device memory that a library in the kernel holds.
 *
 * `allocated_bytes` is used by objects, `reserved_bytes` is what the library holds
 * on the device for them, `peak_bytes` is the highest `allocated_bytes`.
 */
export interface IGpuAllocator {
  readonly library: string;
  readonly allocatedBytes: number;
  readonly reservedBytes: number | null;
  readonly peakBytes: number | null;
}

export const decodeGpuAllocator = record<IGpuAllocator>({
  library: ['library', string],
  allocatedBytes: ['allocated_bytes', number],
  reservedBytes: ['reserved_bytes', nullable(number)],
  peakBytes: ['peak_bytes', nullable(number)]
});

/**
 * The memory of a GPU, in total and of the kernel's process.
 *
 * `process_bytes` is `None` if the driver does not report it.
 */
export interface IGpu {
  readonly index: number;
  readonly name: string;
  readonly usedBytes: number;
  readonly totalBytes: number;
  readonly processBytes: number | null;
  readonly allocators: readonly IGpuAllocator[];
}

export const decodeGpu = record<IGpu>({
  index: ['index', number],
  name: ['name', string],
  usedBytes: ['used_bytes', number],
  totalBytes: ['total_bytes', number],
  processBytes: ['process_bytes', nullable(number)],
  allocators: ['allocators', listOf(decodeGpuAllocator)]
});

/**
 * The name of a variable, and its size.
 */
export interface IVariableSize {
  readonly name: string;
  readonly bytes: number;
  readonly accuracy: 'exact' | 'estimate' | 'at least';
}

export const decodeVariableSize = record<IVariableSize>({
  name: ['name', string],
  bytes: ['bytes', number],
  accuracy: ['accuracy', literal('exact', 'estimate', 'at least')]
});

/**
 * A change to Python's garbage collector, while it lasts.
 *
 * `enabled` is true if it runs with raised thresholds. `by` is the code that
 * paused it, such as `%gc_pause on`; `since_s` is the time, `None` after
 * `gc.disable()`, whose time is unknown.
 */
export interface ICollectorPause {
  readonly enabled: boolean;
  readonly by: string;
  readonly sinceS: number | null;
}

export const decodeCollectorPause = record<ICollectorPause>({
  enabled: ['enabled', boolean],
  by: ['by', string],
  sinceS: ['since_s', nullable(number)]
});

/**
 * A guard on the kernel's memory, while it is armed.
 *
 * `mark` is its mark as text, `action` what happens to a cell that reaches it.
 */
export interface IGuardStatus {
  readonly mark: string;
  readonly action: 'stop' | 'warn';
}

export const decodeGuardStatus = record<IGuardStatus>({
  mark: ['mark', string],
  action: ['action', literal('stop', 'warn')]
});

/**
 * Figures at the moment of the message, of which no history is kept.
 *
 * `children` counts the kernel's descendant processes, and `children_bytes` is
 * their total memory; `swap_bytes` is the kernel's own memory in swap. `gauge` is
 * `None` if no limit could be read, `collector_pause` while the garbage collector
 * runs normally, and `guard` while no guard is armed. `largest` are the
 * largest variables when the last cell ended. `cells_ended` counts the cells since
 * the kernel started.
 */
export interface IPresent {
  readonly children: number;
  readonly childrenBytes: number;
  readonly swapBytes: number | null;
  readonly gauge: IGauge | null;
  readonly highest: IHighest | null;
  readonly gpus: readonly IGpu[];
  readonly largest: readonly IVariableSize[];
  readonly collectorPause: ICollectorPause | null;
  readonly guard: IGuardStatus | null;
  readonly cellsEnded: number;
}

export const decodePresent = record<IPresent>({
  children: ['children', number],
  childrenBytes: ['children_bytes', number],
  swapBytes: ['swap_bytes', nullable(number)],
  gauge: ['gauge', nullable(decodeGauge)],
  highest: ['highest', nullable(decodeHighest)],
  gpus: ['gpus', listOf(decodeGpu)],
  largest: ['largest', listOf(decodeVariableSize)],
  collectorPause: ['collector_pause', nullable(decodeCollectorPause)],
  guard: ['guard', nullable(decodeGuardStatus)],
  cellsEnded: ['cells_ended', number]
});

/**
 * The cell that is running at the moment of the message.
 */
export interface IRunningCell {
  readonly executionCount: number | null;
  readonly cellId: string | null;
  readonly firstLine: string;
  readonly startedS: number;
  readonly beforeBytes: number;
  readonly peakBytes: number;
  readonly exact: boolean;
}

export const decodeRunningCell = record<IRunningCell>({
  executionCount: ['execution_count', nullable(number)],
  cellId: ['cell_id', nullable(string)],
  firstLine: ['first_line', string],
  startedS: ['started_s', number],
  beforeBytes: ['before_bytes', number],
  peakBytes: ['peak_bytes', number],
  exact: ['exact', boolean]
});

/**
 * Running work that reports its progress, such as a run over chunks.
 *
 * `done` counts units of `unit`; `total` is their exact or estimated number,
 * `None` if unknown. `per_s` is the rate per second, `None` until it is known.
 * All figures are those at the time `reported_s`. `chunk_peak_bytes` is how much
 * the process grew in the last chunk, `budget_bytes` how much it may grow.
 */
export interface IActivity {
  readonly label: string;
  readonly unit: string;
  readonly reportedS: number;
  readonly done: number;
  readonly total: number | null;
  readonly perS: number | null;
  readonly chunks: number;
  readonly chunkPeakBytes: number | null;
  readonly budgetBytes: number | null;
}

export const decodeActivity = record<IActivity>({
  label: ['label', string],
  unit: ['unit', string],
  reportedS: ['reported_s', number],
  done: ['done', number],
  total: ['total', nullable(number)],
  perS: ['per_s', nullable(number)],
  chunks: ['chunks', number],
  chunkPeakBytes: ['chunk_peak_bytes', nullable(number)],
  budgetBytes: ['budget_bytes', nullable(number)]
});

/**
 * Sent while a cell runs, and when an idle kernel's memory changes.
 */
export interface ISamples {
  readonly type: 'samples';
  readonly protocol: number;
  readonly samples: ISampleColumns;
  readonly present: IPresent;
  readonly running: IRunningCell | null;
  readonly activity: IActivity | null;
}

export const decodeSamples = record<ISamples>({
  type: ['type', literal('samples')],
  protocol: ['protocol', number],
  samples: ['samples', decodeSampleColumns],
  present: ['present', decodePresent],
  running: ['running', nullable(decodeRunningCell)],
  activity: ['activity', nullable(decodeActivity)]
});

/**
 * The memory that a library's objects used on a GPU during a cell.
 *
 * `device` is the library's number of the device. `exact` is true if the library's
 * counter shows the peak; otherwise `peak_bytes` is the highest that was read, and
 * `at_most_bytes` an upper bound, `None` if there is none.
 */
export interface ICellGpu {
  readonly library: string;
  readonly device: number;
  readonly beforeBytes: number;
  readonly afterBytes: number;
  readonly peakBytes: number;
  readonly atMostBytes: number | null;
  readonly exact: boolean;
}

export const decodeCellGpu = record<ICellGpu>({
  library: ['library', string],
  device: ['device', number],
  beforeBytes: ['before_bytes', number],
  afterBytes: ['after_bytes', number],
  peakBytes: ['peak_bytes', number],
  atMostBytes: ['at_most_bytes', nullable(number)],
  exact: ['exact', boolean]
});

/**
 * The record of a finished cell.
 *
 * `exact` is true if `peak_bytes` is the system's high-water mark rather than the
 * highest sample; `peak_line` is the line of the notebook that was running at the
 * highest sample, `None` if no sample saw the peak. `children_exact` is the same
 * for `children_peak_bytes`, the highest total memory of the child processes;
 * `children_before_bytes` is their memory at the start. `gpu_before_bytes` and
 * `gpu_peak_bytes` are the kernel's memory on all GPUs at the start and at the
 * highest sample, `None` without a GPU; `gpus` is what libraries used there.
 * `gc_s` is the garbage collector's time; `gc_young`, `gc_middle` and
 * `gc_old` count its collections by generation.
 * `minor_faults` and `major_faults` count page faults, without and with a read
 * from disk. `error` is the name of the exception that ended the cell, `None` if
 * it succeeded.
 */
export interface ICell {
  readonly executionCount: number | null;
  readonly cellId: string | null;
  readonly firstLine: string;
  readonly startedS: number;
  readonly durationS: number;
  readonly beforeBytes: number;
  readonly afterBytes: number;
  readonly peakBytes: number;
  readonly exact: boolean;
  readonly peakLine: string | null;
  readonly childrenBeforeBytes: number;
  readonly childrenPeakBytes: number;
  readonly childrenExact: boolean;
  readonly gpuBeforeBytes: number | null;
  readonly gpuPeakBytes: number | null;
  readonly gpus: readonly ICellGpu[];
  readonly gcS: number;
  readonly gcYoung: number;
  readonly gcMiddle: number;
  readonly gcOld: number;
  readonly minorFaults: number | null;
  readonly majorFaults: number | null;
  readonly error: string | null;
}

export const decodeCell = record<ICell>({
  executionCount: ['execution_count', nullable(number)],
  cellId: ['cell_id', nullable(string)],
  firstLine: ['first_line', string],
  startedS: ['started_s', number],
  durationS: ['duration_s', number],
  beforeBytes: ['before_bytes', number],
  afterBytes: ['after_bytes', number],
  peakBytes: ['peak_bytes', number],
  exact: ['exact', boolean],
  peakLine: ['peak_line', nullable(string)],
  childrenBeforeBytes: ['children_before_bytes', number],
  childrenPeakBytes: ['children_peak_bytes', number],
  childrenExact: ['children_exact', boolean],
  gpuBeforeBytes: ['gpu_before_bytes', nullable(number)],
  gpuPeakBytes: ['gpu_peak_bytes', nullable(number)],
  gpus: ['gpus', listOf(decodeCellGpu)],
  gcS: ['gc_s', number],
  gcYoung: ['gc_young', number],
  gcMiddle: ['gc_middle', number],
  gcOld: ['gc_old', number],
  minorFaults: ['minor_faults', nullable(number)],
  majorFaults: ['major_faults', nullable(number)],
  error: ['error', nullable(string)]
});

/**
 * Sent after cells have ended, oldest first.
 */
export interface ICells {
  readonly type: 'cells';
  readonly protocol: number;
  readonly cells: readonly ICell[];
}

export const decodeCells = record<ICells>({
  type: ['type', literal('cells')],
  protocol: ['protocol', number],
  cells: ['cells', listOf(decodeCell)]
});

/**
 * Sent when the extension is unloaded.
 */
export interface IGoodbye {
  readonly type: 'goodbye';
  readonly protocol: number;
}

export const decodeGoodbye = record<IGoodbye>({
  type: ['type', literal('goodbye')],
  protocol: ['protocol', number]
});

/**
 * The reply to `Subscribe`: everything that the page needs to draw the sidebar.
 *
 * `samples` and `cells` are those after the request's `since_s`. `credit` is
 * the number of broadcasts for which the subscription lasts; the page renews it before
 * it is used up.
 */
export interface ISnapshot {
  readonly type: 'snapshot';
  readonly protocol: number;
  readonly version: string;
  readonly samples: ISampleColumns;
  readonly present: IPresent;
  readonly cells: readonly ICell[];
  readonly running: IRunningCell | null;
  readonly activity: IActivity | null;
  readonly credit: number;
}

export const decodeSnapshot = record<ISnapshot>({
  type: ['type', literal('snapshot')],
  protocol: ['protocol', number],
  version: ['version', string],
  samples: ['samples', decodeSampleColumns],
  present: ['present', decodePresent],
  cells: ['cells', listOf(decodeCell)],
  running: ['running', nullable(decodeRunningCell)],
  activity: ['activity', nullable(decodeActivity)],
  credit: ['credit', number]
});

/**
 * The reply to `Unsubscribe`.
 */
export interface IUnsubscribed {
  readonly type: 'unsubscribed';
  readonly protocol: number;
}

export const decodeUnsubscribed = record<IUnsubscribed>({
  type: ['type', literal('unsubscribed')],
  protocol: ['protocol', number]
});

/**
 * A part of some memory: its name or place, and its size.
 */
export interface IMemoryPart {
  readonly name: string;
  readonly bytes: number;
}

export const decodeMemoryPart = record<IMemoryPart>({
  name: ['name', string],
  bytes: ['bytes', number]
});

/**
 * A variable of the notebook.
 *
 * `token` identifies the object that the name held, and `name` is truncated if it
 * is very long. `bytes` is its size in main memory, `shared_bytes` the part that
 * other variables hold as well, `elsewhere` what it has on devices and on disk.
 * `made_in` is the number of the cell that set it last. `split` is what a torch
 * model takes by purpose. `actions` are those that its type supports.
 */
export interface IListedVariable {
  readonly name: string;
  readonly token: string;
  readonly type: string;
  readonly shape: readonly number[] | null;
  readonly bytes: number;
  readonly sharedBytes: number;
  readonly accuracy: 'exact' | 'estimate' | 'at least';
  readonly elsewhere: readonly IMemoryPart[];
  readonly madeIn: number | null;
  readonly split: readonly IMemoryPart[];
  readonly actions: readonly ('delete' | 'shrink' | 'restore' | 'to_array' | 'spill' | 'load')[];
}

export const decodeListedVariable = record<IListedVariable>({
  name: ['name', string],
  token: ['token', string],
  type: ['type', string],
  shape: ['shape', nullable(listOf(number))],
  bytes: ['bytes', number],
  sharedBytes: ['shared_bytes', number],
  accuracy: ['accuracy', literal('exact', 'estimate', 'at least')],
  elsewhere: ['elsewhere', listOf(decodeMemoryPart)],
  madeIn: ['made_in', nullable(number)],
  split: ['split', listOf(decodeMemoryPart)],
  actions: ['actions', listOf(literal('delete', 'shrink', 'restore', 'to_array', 'spill', 'load'))]
});

/**
 * The reply to `AskVariables`: the variables, the largest first.
 *
 * `more` counts those that are not included, `more_bytes` is their size.
 * `total_bytes` is what all take, functions and modules included, each byte counted
 * once. `rest_bytes` is the memory of the process minus that, `None` if unknown
 * and negative if variables are not resident; `rest` is its known parts.
 * `took_s` is the time that it took.
 */
export interface IVariables {
  readonly type: 'variables';
  readonly protocol: number;
  readonly variables: readonly IListedVariable[];
  readonly more: number;
  readonly moreBytes: number;
  readonly totalBytes: number;
  readonly restBytes: number | null;
  readonly rest: readonly IMemoryPart[];
  readonly tookS: number;
}

export const decodeVariables = record<IVariables>({
  type: ['type', literal('variables')],
  protocol: ['protocol', number],
  variables: ['variables', listOf(decodeListedVariable)],
  more: ['more', number],
  moreBytes: ['more_bytes', number],
  totalBytes: ['total_bytes', number],
  restBytes: ['rest_bytes', nullable(number)],
  rest: ['rest', listOf(decodeMemoryPart)],
  tookS: ['took_s', number]
});

/**
 * A path to an object as an expression, and the type of the direct referrer.
 */
export interface IHolderChain {
  readonly text: string;
  readonly holder: string;
}

export const decodeHolderChain = record<IHolderChain>({
  text: ['text', string],
  holder: ['holder', string]
});

/**
 * The reply to `AskHolders`: what keeps the value of a variable in memory.
 *
 * `more` counts further referrers; `complete` is false if the time limit was
 * reached.
 */
export interface IHolders {
  readonly type: 'holders';
  readonly protocol: number;
  readonly name: string;
  readonly chains: readonly IHolderChain[];
  readonly more: number;
  readonly complete: boolean;
}

export const decodeHolders = record<IHolders>({
  type: ['type', literal('holders')],
  protocol: ['protocol', number],
  name: ['name', string],
  chains: ['chains', listOf(decodeHolderChain)],
  more: ['more', number],
  complete: ['complete', boolean]
});

/**
 * What would save memory or time.
 *
 * `name` is what it is about, `found` what was found, `cure` the code to run.
 * `bytes` is what the cure saves, `None` if that is unknown or it saves time:
 * `saved_s`. `is_runnable` is false if the cure is advice for a cell that only the
 * user can run again.
 */
export interface IHint {
  readonly name: string;
  readonly found: string;
  readonly bytes: number | null;
  readonly accuracy: 'exact' | 'estimate' | 'at most';
  readonly savedS: number | null;
  readonly cure: string;
  readonly isRunnable: boolean;
}

export const decodeHint = record<IHint>({
  name: ['name', string],
  found: ['found', string],
  bytes: ['bytes', nullable(number)],
  accuracy: ['accuracy', literal('exact', 'estimate', 'at most')],
  savedS: ['saved_s', nullable(number)],
  cure: ['cure', string],
  isRunnable: ['is_runnable', boolean]
});

/**
 * The reply to `AskHints`: the largest first, then those that save time.
 *
 * `complete` is false if the time limit was reached. `took_s` is the time that it
 * took.
 */
export interface IHints {
  readonly type: 'hints';
  readonly protocol: number;
  readonly hints: readonly IHint[];
  readonly complete: boolean;
  readonly tookS: number;
}

export const decodeHints = record<IHints>({
  type: ['type', literal('hints')],
  protocol: ['protocol', number],
  hints: ['hints', listOf(decodeHint)],
  complete: ['complete', boolean],
  tookS: ['took_s', number]
});

/**
 * A loaded library.
 *
 * `bytes` is the estimated memory of its modules, a lower bound, and `modules`
 * their number. `names` are the names in the notebook that refer to it, and
 * `users` the other libraries that do. `reason` is why it cannot be unloaded,
 * `None` if it can.
 */
export interface IListedLibrary {
  readonly name: string;
  readonly bytes: number;
  readonly modules: number;
  readonly names: readonly string[];
  readonly users: readonly string[];
  readonly reason: string | null;
}

export const decodeListedLibrary = record<IListedLibrary>({
  name: ['name', string],
  bytes: ['bytes', number],
  modules: ['modules', number],
  names: ['names', listOf(string)],
  users: ['users', listOf(string)],
  reason: ['reason', nullable(string)]
});

/**
 * The reply to `AskLibraries`: the loaded libraries, the largest first.
 *
 * `more` counts those that are not included. `complete` is false if the time limit
 * was reached, so that some bytes are too low, or users of objects are missing.
 * `took_s` is the time that it took.
 */
export interface ILibraries {
  readonly type: 'libraries';
  readonly protocol: number;
  readonly libraries: readonly IListedLibrary[];
  readonly more: number;
  readonly complete: boolean;
  readonly tookS: number;
}

export const decodeLibraries = record<ILibraries>({
  type: ['type', literal('libraries')],
  protocol: ['protocol', number],
  libraries: ['libraries', listOf(decodeListedLibrary)],
  more: ['more', number],
  complete: ['complete', boolean],
  tookS: ['took_s', number]
});

/**
 * The reply to a valid request that cannot be fulfilled; nothing was changed.
 */
export interface IUnavailable {
  readonly type: 'unavailable';
  readonly protocol: number;
  readonly message: string;
}

export const decodeUnavailable = record<IUnavailable>({
  type: ['type', literal('unavailable')],
  protocol: ['protocol', number],
  message: ['message', string]
});

/**
 * The reply to a question that waits until no cell runs; ask again then.
 */
export interface ILater {
  readonly type: 'later';
  readonly protocol: number;
}

export const decodeLater = record<ILater>({
  type: ['type', literal('later')],
  protocol: ['protocol', number]
});

/**
 * The reply to `Act`: what was done to a variable.
 *
 * `freed_bytes` is the resident memory of the process before minus after.
 * `before_bytes` and `after_bytes` are the sizes of the value, `None` where no
 * value replaces it. `along` are other variables that changed with it, `holders`
 * the paths to a value that is still in memory, and `remedies` the lines that
 * release it.
 */
export interface IActed {
  readonly type: 'acted';
  readonly protocol: number;
  readonly action: 'delete' | 'shrink' | 'restore' | 'to_array' | 'spill' | 'load';
  readonly name: string;
  readonly freedBytes: number;
  readonly beforeBytes: number | null;
  readonly afterBytes: number | null;
  readonly along: readonly string[];
  readonly holders: readonly string[];
  readonly remedies: readonly string[];
}

export const decodeActed = record<IActed>({
  type: ['type', literal('acted')],
  protocol: ['protocol', number],
  action: ['action', literal('delete', 'shrink', 'restore', 'to_array', 'spill', 'load')],
  name: ['name', string],
  freedBytes: ['freed_bytes', number],
  beforeBytes: ['before_bytes', nullable(number)],
  afterBytes: ['after_bytes', nullable(number)],
  along: ['along', listOf(string)],
  holders: ['holders', listOf(string)],
  remedies: ['remedies', listOf(string)]
});

/**
 * The reply to `Unload`: what was removed, and what that freed.
 *
 * `freed_bytes` is the resident memory of the process before minus after, at
 * least 0. `modules` counts the removed modules, `survivors` those that are still
 * in memory, and `holders` are what holds these, where it was found. `names` are
 * the names that were removed from the notebook, and `kept_names` those of functions
 * and classes that were not.
 */
export interface IUnloaded {
  readonly type: 'unloaded';
  readonly protocol: number;
  readonly name: string;
  readonly freedBytes: number;
  readonly modules: number;
  readonly survivors: number;
  readonly holders: readonly string[];
  readonly names: readonly string[];
  readonly keptNames: readonly string[];
}

export const decodeUnloaded = record<IUnloaded>({
  type: ['type', literal('unloaded')],
  protocol: ['protocol', number],
  name: ['name', string],
  freedBytes: ['freed_bytes', number],
  modules: ['modules', number],
  survivors: ['survivors', number],
  holders: ['holders', listOf(string)],
  names: ['names', listOf(string)],
  keptNames: ['kept_names', listOf(string)]
});

/**
 * The reply to a request of another protocol version.
 *
 * `version` is the version of jupyter_memkit in the kernel's environment.
 */
export interface IIncompatible {
  readonly type: 'incompatible';
  readonly protocol: number;
  readonly version: string;
}

export const decodeIncompatible = record<IIncompatible>({
  type: ['type', literal('incompatible')],
  protocol: ['protocol', number],
  version: ['version', string]
});

/**
 * The reply to an invalid request.
 */
export interface IRefused {
  readonly type: 'refused';
  readonly protocol: number;
  readonly message: string;
}

export const decodeRefused = record<IRefused>({
  type: ['type', literal('refused')],
  protocol: ['protocol', number],
  message: ['message', string]
});

/**
 * The memory of a kernel as read from outside by the server.
 *
 * `is_alive` is false if the kernel's process has ended; the figures are then 0 and
 * `None`.
 */
export interface IServerReading {
  readonly type: 'server_reading';
  readonly protocol: number;
  readonly tS: number;
  readonly isAlive: boolean;
  readonly rssBytes: number;
  readonly childrenBytes: number;
  readonly gauge: IGauge | null;
}

export const decodeServerReading = record<IServerReading>({
  type: ['type', literal('server_reading')],
  protocol: ['protocol', number],
  tS: ['t_s', number],
  isAlive: ['is_alive', boolean],
  rssBytes: ['rss_bytes', number],
  childrenBytes: ['children_bytes', number],
  gauge: ['gauge', nullable(decodeGauge)]
});

/**
 * The memory of a kernel and its child processes, as read by the server.
 *
 * `at_least` is true if there are forked child processes: what they copied from the
 * kernel is not read, because that takes longer the more memory they have.
 */
export interface IFamilyMemory {
  readonly rssBytes: number;
  readonly childrenBytes: number;
  readonly atLeast: boolean;
  readonly gauge: IGauge | null;
}

export const decodeFamilyMemory = record<IFamilyMemory>({
  rssBytes: ['rss_bytes', number],
  childrenBytes: ['children_bytes', number],
  atLeast: ['at_least', boolean],
  gauge: ['gauge', nullable(decodeGauge)]
});

/**
 * A kernel of the server, and its memory.
 *
 * `spec` is the name of its kernel spec, `state` its execution state, and
 * `active_s` the time of its last activity. `memory` is `None` if it is unknown,
 * and `unknown` says why: its process has ended, it runs on another machine, or the
 * system does not allow reading it.
 */
export interface IKernelMemory {
  readonly kernelId: string;
  readonly spec: string;
  readonly state: string;
  readonly activeS: number | null;
  readonly pid: number | null;
  readonly memory: IFamilyMemory | null;
  readonly unknown: 'ended' | 'elsewhere' | 'refused' | null;
}

export const decodeKernelMemory = record<IKernelMemory>({
  kernelId: ['kernel_id', string],
  spec: ['spec', string],
  state: ['state', string],
  activeS: ['active_s', nullable(number)],
  pid: ['pid', nullable(number)],
  memory: ['memory', nullable(decodeFamilyMemory)],
  unknown: ['unknown', nullable(literal('ended', 'elsewhere', 'refused'))]
});

/**
 * All kernels of the server.
 */
export interface IKernelList {
  readonly type: 'kernel_list';
  readonly protocol: number;
  readonly tS: number;
  readonly kernels: readonly IKernelMemory[];
}

export const decodeKernelList = record<IKernelList>({
  type: ['type', literal('kernel_list')],
  protocol: ['protocol', number],
  tS: ['t_s', number],
  kernels: ['kernels', listOf(decodeKernelMemory)]
});

/**
 * The last state of a kernel that ended without a clean shutdown.
 *
 * `id` identifies it when it is dismissed. `cause` is `"memory"` only if the
 * exit status and the count of killed processes prove it; `signal` and
 * `exit_status` are those of the process, `None` if unknown. `seen_s` is when
 * the state was last written, `started_s` when the running cell started, `None` if
 * no cell was running. `variables` are the largest when the last cell before it
 * ended.
 */
export interface IDeath {
  readonly id: string;
  readonly cause: 'memory' | 'signal' | 'exit' | 'unknown';
  readonly signal: number | null;
  readonly exitStatus: number | null;
  readonly seenS: number;
  readonly rssBytes: number;
  readonly childrenBytes: number;
  readonly limitBytes: number | null;
  readonly limitName: string | null;
  readonly growthBytesPerS: number;
  readonly executionCount: number | null;
  readonly cellId: string | null;
  readonly firstLine: string | null;
  readonly startedS: number | null;
  readonly variables: readonly IVariableSize[];
}

export const decodeDeath = record<IDeath>({
  id: ['id', string],
  cause: ['cause', literal('memory', 'signal', 'exit', 'unknown')],
  signal: ['signal', nullable(number)],
  exitStatus: ['exit_status', nullable(number)],
  seenS: ['seen_s', number],
  rssBytes: ['rss_bytes', number],
  childrenBytes: ['children_bytes', number],
  limitBytes: ['limit_bytes', nullable(number)],
  limitName: ['limit_name', nullable(string)],
  growthBytesPerS: ['growth_bytes_per_s', number],
  executionCount: ['execution_count', nullable(number)],
  cellId: ['cell_id', nullable(string)],
  firstLine: ['first_line', nullable(string)],
  startedS: ['started_s', nullable(number)],
  variables: ['variables', listOf(decodeVariableSize)]
});

/**
 * The last death of the notebook's kernels that has not been dismissed.
 */
export interface ILastDeath {
  readonly type: 'last_death';
  readonly protocol: number;
  readonly death: IDeath | null;
}

export const decodeLastDeath = record<ILastDeath>({
  type: ['type', literal('last_death')],
  protocol: ['protocol', number],
  death: ['death', nullable(decodeDeath)]
});

/**
 * Where the first notebook of the course is, among the server's files.
 */
export interface ITour {
  readonly type: 'tour';
  readonly protocol: number;
  readonly path: string;
}

export const decodeTour = record<ITour>({
  type: ['type', literal('tour')],
  protocol: ['protocol', number],
  path: ['path', string]
});

export type Broadcast = ISamples | ICells | IGoodbye;

export const decodeBroadcast = tagged<Broadcast>({
  samples: decodeSamples,
  cells: decodeCells,
  goodbye: decodeGoodbye
});

export type Reply = ISnapshot | IUnsubscribed | IVariables | IHolders | IHints | ILibraries | IUnavailable | ILater | IActed | IUnloaded | IIncompatible | IRefused;

export const decodeReply = tagged<Reply>({
  snapshot: decodeSnapshot,
  unsubscribed: decodeUnsubscribed,
  variables: decodeVariables,
  holders: decodeHolders,
  hints: decodeHints,
  libraries: decodeLibraries,
  unavailable: decodeUnavailable,
  later: decodeLater,
  acted: decodeActed,
  unloaded: decodeUnloaded,
  incompatible: decodeIncompatible,
  refused: decodeRefused
});

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
 * Request the `Variables`.
 *
 * `is_patient` is true if the user waits for them, so that they may take longer.
 */
export type AskVariables = {
  type: 'variables';
  protocol: number;
  is_patient: boolean;
};

/**
 * Request the `Holders` of a variable's value.
 *
 * `token` is the one that was listed with the name.
 */
export type AskHolders = {
  type: 'holders';
  protocol: number;
  name: string;
  token: string;
};

/**
 * Request the `Hints`; `is_patient` is that of `AskVariables`.
 */
export type AskHints = {
  type: 'hints';
  protocol: number;
  is_patient: boolean;
};

/**
 * Request the `Libraries`, which the user waits for.
 */
export type AskLibraries = {
  type: 'libraries';
  protocol: number;
};

/**
 * Change a variable; sent on the shell channel, so that it waits for its turn.
 *
 * Refused unless the name still holds the object that `token` was listed with.
 */
export type Act = {
  type: 'act';
  protocol: number;
  action: 'delete' | 'shrink' | 'restore' | 'to_array' | 'spill' | 'load';
  name: string;
  token: string;
};

/**
 * Unload a library; sent on the shell channel, so that it waits for its turn.
 *
 * Refused unless `name` is that of a library in `Libraries`.
 */
export type Unload = {
  type: 'unload';
  protocol: number;
  name: string;
};

export type LabMessage = Subscribe | Unsubscribe | AskVariables | AskHolders | AskHints | AskLibraries | Act | Unload;
