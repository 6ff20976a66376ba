"""The protocol between the kernel, the server and the sidebar.

``labextension/src/wire/protocol.ts`` is generated from this module by
``python -m tests.protocol_codegen``; a test fails if the two differ.

The kernel *broadcasts* on iopub, with the message type `BROADCAST_TYPE`, and only while
a page is subscribed. Front ends ignore a type that they do not know, whereas qtconsole
logs each ``comm_msg`` of a comm that it has not opened. The page *requests* on the
control channel, message type `REQUEST_TYPE`, and receives one reply of type
`REPLY_TYPE`. No comm is ever opened, so nothing leaks on reload, nothing waits behind a
busy cell, and no figure of the user is flushed.

Conventions: bytes are integers, times are seconds, ``*_s`` on a clock are
seconds since the epoch; ``None`` means "known to be unavailable". A receiver
ignores message types that it does not know.
"""

from __future__ import annotations

from typing import Literal, TypeAlias, TypedDict

PROTOCOL_VERSION = 1
"""Incremented whenever an old peer would misread a new message."""

BROADCAST_TYPE = "memkit_broadcast"
"""The Jupyter message type of a broadcast, whose content is a `Broadcast`."""

REQUEST_TYPE = "memkit_request"
"""The Jupyter message type of a request on the control channel."""

REPLY_TYPE = "memkit_reply"
"""The Jupyter message type of the reply to a request."""


class SampleColumns(TypedDict):
    """Readings as columns of equal length, oldest first.

    ``peak_bytes`` is the system's high-water mark if it rose since the previous
    reading, so that a spike between two readings is visible; otherwise the reading.
    ``children_bytes`` is the total memory of the kernel's child processes.
    """

    t_s: list[float]
    rss_bytes: list[int]
    peak_bytes: list[int]
    children_bytes: list[int]


class Gauge(TypedDict):
    """How full the limit with the least room is.

    ``used_bytes`` is all that counts against the limit, and ``covers`` whose memory
    that is: of the kernel's process, of the kernel and its child processes, of all
    processes in its container, or of all on the machine. ``name`` is the source of the
    limit.
    """

    limit_bytes: int
    used_bytes: int
    name: str
    covers: Literal["kernel", "family", "container", "machine"]


class Highest(TypedDict):
    """The highest memory since the kernel started.

    ``bytes`` is the memory of the kernel and its child processes. ``exact`` is true for
    the system's high-water mark of the kernel alone. ``execution_count`` and
    ``cell_id`` are those of the cell that was running, ``None`` between cells.
    """

    bytes: int
    execution_count: int | None
    cell_id: str | None
    exact: bool


class GuardStatus(TypedDict):
    """A guard on the kernel's memory, while it is armed.

    ``mark`` is its mark as text, ``action`` what happens to a cell that reaches it.
    """

    mark: str
    action: Literal["stop", "warn"]


class GpuAllocator(TypedDict):
    """The device memory that a library in the kernel holds.

    ``allocated_bytes`` is used by objects, ``reserved_bytes`` is what the library holds
    on the device for them, ``peak_bytes`` is the highest ``allocated_bytes``.
    """

    library: str
    allocated_bytes: int
    reserved_bytes: int | None
    peak_bytes: int | None


class Gpu(TypedDict):
    """The memory of a GPU, in total and of the kernel's process.

    ``process_bytes`` is ``None`` if the driver does not report it.
    """

    index: int
    name: str
    used_bytes: int
    total_bytes: int
    process_bytes: int | None
    allocators: list[GpuAllocator]


class CollectorPause(TypedDict):
    """A change to Python's garbage collector, while it lasts.

    ``enabled`` is true if it runs with raised thresholds. ``by`` is the code that
    paused it, such as ``%gc_pause on``; ``since_s`` is the time, ``None`` after
    ``gc.disable()``, whose time is unknown.
    """

    enabled: bool
    by: str
    since_s: float | None


class VariableSize(TypedDict):
    """The name of a variable, and its size."""

    name: str
    bytes: int
    accuracy: Literal["exact", "estimate", "at least"]


class Present(TypedDict):
    """Figures at the moment of the message, of which no history is kept.

    ``children`` counts the kernel's descendant processes, and ``children_bytes`` is
    their total memory; ``swap_bytes`` is the kernel's own memory in swap. ``gauge`` is
    ``None`` if no limit could be read, ``collector_pause`` while the garbage collector
    runs normally, and ``guard`` while no guard is armed. ``largest`` are the
    largest variables when the last cell ended. ``cells_ended`` counts the cells since
    the kernel started.
    """

    children: int
    children_bytes: int
    swap_bytes: int | None
    gauge: Gauge | None
    highest: Highest | None
    gpus: list[Gpu]
    largest: list[VariableSize]
    collector_pause: CollectorPause | None
    guard: GuardStatus | None
    cells_ended: int


class RunningCell(TypedDict):
    """The cell that is running at the moment of the message."""

    execution_count: int | None
    cell_id: str | None
    first_line: str
    started_s: float
    before_bytes: int
    peak_bytes: int
    exact: bool


class Activity(TypedDict):
    """Running work that reports its progress, such as a run over chunks.

    ``done`` counts units of ``unit``; ``total`` is their exact or estimated number,
    ``None`` if unknown. ``per_s`` is the rate per second, ``None`` until it is known.
    All figures are those at the time ``reported_s``. ``chunk_peak_bytes`` is how much
    the process grew in the last chunk, ``budget_bytes`` how much it may grow.
    """

    label: str
    unit: str
    reported_s: float
    done: int
    total: int | None
    per_s: float | None
    chunks: int
    chunk_peak_bytes: int | None
    budget_bytes: int | None


class CellGpu(TypedDict):
    """The memory that a library's objects used on a GPU during a cell.

    ``device`` is the library's number of the device. ``exact`` is true if the library's
    counter shows the peak; otherwise ``peak_bytes`` is the highest that was read, and
    ``at_most_bytes`` an upper bound, ``None`` if there is none.
    """

    library: str
    device: int
    before_bytes: int
    after_bytes: int
    peak_bytes: int
    at_most_bytes: int | None
    exact: bool


class Cell(TypedDict):
    """The record of a finished cell.

    ``exact`` is true if ``peak_bytes`` is the system's high-water mark rather than the
    highest sample; ``peak_line`` is the line of the notebook that was running at the
    highest sample, ``None`` if no sample saw the peak. ``children_exact`` is the same
    for ``children_peak_bytes``, the highest total memory of the child processes;
    ``children_before_bytes`` is their memory at the start. ``gpu_before_bytes`` and
    ``gpu_peak_bytes`` are the kernel's memory on all GPUs at the start and at the
    highest sample, ``None`` without a GPU; ``gpus`` is what libraries used there.
    ``gc_s`` is the garbage collector's time; ``gc_young``, ``gc_middle`` and
    ``gc_old`` count its collections by generation.
    ``minor_faults`` and ``major_faults`` count page faults, without and with a read
    from disk. ``error`` is the name of the exception that ended the cell, ``None`` if
    it succeeded.
    """

    execution_count: int | None
    cell_id: str | None
    first_line: str
    started_s: float
    duration_s: float
    before_bytes: int
    after_bytes: int
    peak_bytes: int
    exact: bool
    peak_line: str | None
    children_before_bytes: int
    children_peak_bytes: int
    children_exact: bool
    gpu_before_bytes: int | None
    gpu_peak_bytes: int | None
    gpus: list[CellGpu]
    gc_s: float
    gc_young: int
    gc_middle: int
    gc_old: int
    minor_faults: int | None
    major_faults: int | None
    error: str | None


# Broadcasts: from the kernel to every page.


class Samples(TypedDict):
    """Sent while a cell runs, and when an idle kernel's memory changes."""

    type: Literal["samples"]
    protocol: int
    samples: SampleColumns
    present: Present
    running: RunningCell | None
    activity: Activity | None


class Cells(TypedDict):
    """Sent after cells have ended, oldest first."""

    type: Literal["cells"]
    protocol: int
    cells: list[Cell]


class Goodbye(TypedDict):
    """Sent when the extension is unloaded."""

    type: Literal["goodbye"]
    protocol: int


# Replies: from the kernel to the page that sent the request.


class Snapshot(TypedDict):
    """The reply to `Subscribe`: everything that the page needs to draw the sidebar.

    ``samples`` and ``cells`` are those after the request's ``since_s``. ``credit`` is
    the number of broadcasts for which the subscription lasts; the page renews it before
    it is used up.
    """

    type: Literal["snapshot"]
    protocol: int
    version: str
    samples: SampleColumns
    present: Present
    cells: list[Cell]
    running: RunningCell | None
    activity: Activity | None
    credit: int


class LimitRoom(TypedDict):
    """A `Gauge` in a `State`, with the room that is left.

    ``room_bytes`` is negative above a limit that nothing enforces.
    """

    bytes: int
    used_bytes: int
    room_bytes: int
    name: str
    covers: Literal["kernel", "family", "container", "machine"]


class HighestSummary(TypedDict):
    """A `Highest` in a `State`."""

    bytes: int
    execution_count: int | None
    exact: bool


class GpuMemory(TypedDict):
    """The memory of a GPU in a `State`."""

    index: int
    used_bytes: int
    total_bytes: int
    process_bytes: int | None


class Progress(TypedDict):
    """Running work in a `State`, in its own units."""

    label: str
    done: int
    total: int | None


class RunningSummary(TypedDict):
    """The running cell in a `State`."""

    execution_count: int | None
    first_line: str
    started_s: float
    before_bytes: int
    peak_bytes: int


class CellSummary(TypedDict):
    """A finished cell in a `State`."""

    execution_count: int | None
    first_line: str
    duration_s: float
    before_bytes: int
    after_bytes: int
    peak_bytes: int
    children_peak_bytes: int
    error: str | None


class State(TypedDict):
    """The reply to `AskState`: the whole state in at most 2 KB of JSON.

    ``rss_bytes`` is the memory of the process. Texts are truncated, and at most two
    devices are included. ``exact`` is true if the peaks of cells are the system's
    high-water marks. ``largest`` are the largest variables when they were last measured
    after a cell, ``last_cells`` the last cells, the latest first; of both, as many as
    fit.
    """

    type: Literal["state"]
    protocol: int
    version: str
    rss_bytes: int
    limit: LimitRoom | None
    highest: HighestSummary | None
    swap_bytes: int | None
    children: int
    children_bytes: int
    gpus: list[GpuMemory]
    guard: GuardStatus | None
    collector_paused_by: str | None
    activity: Progress | None
    running: RunningSummary | None
    exact: bool
    cells_ended: int
    largest: list[VariableSize]
    last_cells: list[CellSummary]


class MemoryPart(TypedDict):
    """A part of some memory: its name or place, and its size."""

    name: str
    bytes: int


VariableAction: TypeAlias = Literal[
    "delete", "shrink", "restore", "to_array", "spill", "load"
]
"""What the page can do to a variable."""


class ListedVariable(TypedDict):
    """A variable of the notebook.

    ``token`` identifies the object that the name held, and ``name`` is truncated if it
    is very long. ``bytes`` is its size in main memory, ``shared_bytes`` the part that
    other variables hold as well, ``elsewhere`` what it has on devices and on disk.
    ``made_in`` is the number of the cell that set it last. ``split`` is what a torch
    model takes by purpose. ``actions`` are those that its type supports.
    """

    name: str
    token: str
    type: str
    shape: list[int] | None
    bytes: int
    shared_bytes: int
    accuracy: Literal["exact", "estimate", "at least"]
    elsewhere: list[MemoryPart]
    made_in: int | None
    split: list[MemoryPart]
    actions: list[VariableAction]


class Variables(TypedDict):
    """The reply to `AskVariables`: the variables, the largest first.

    ``more`` counts those that are not included, ``more_bytes`` is their size.
    ``total_bytes`` is what all take, functions and modules included, each byte counted
    once. ``rest_bytes`` is the memory of the process minus that, ``None`` if unknown
    and negative if variables are not resident; ``rest`` is its known parts.
    ``took_s`` is the time that it took.
    """

    type: Literal["variables"]
    protocol: int
    variables: list[ListedVariable]
    more: int
    more_bytes: int
    total_bytes: int
    rest_bytes: int | None
    rest: list[MemoryPart]
    took_s: float


class HolderChain(TypedDict):
    """A path to an object as an expression, and the type of the direct referrer."""

    text: str
    holder: str


class Holders(TypedDict):
    """The reply to `AskHolders`: what keeps the value of a variable in memory.

    ``more`` counts further referrers; ``complete`` is false if the time limit was
    reached.
    """

    type: Literal["holders"]
    protocol: int
    name: str
    chains: list[HolderChain]
    more: int
    complete: bool


class Hint(TypedDict):
    """What would save memory or time.

    ``name`` is what it is about, ``found`` what was found, ``cure`` the code to run.
    ``bytes`` is what the cure saves, ``None`` if that is unknown or it saves time:
    ``saved_s``. ``is_runnable`` is false if the cure is advice for a cell that only the
    user can run again.
    """

    name: str
    found: str
    bytes: int | None
    accuracy: Literal["exact", "estimate", "at most"]
    saved_s: float | None
    cure: str
    is_runnable: bool


class Hints(TypedDict):
    """The reply to `AskHints`: the largest first, then those that save time.

    ``complete`` is false if the time limit was reached. ``took_s`` is the time that it
    took.
    """

    type: Literal["hints"]
    protocol: int
    hints: list[Hint]
    complete: bool
    took_s: float


class ListedLibrary(TypedDict):
    """A loaded library.

    ``bytes`` is the estimated memory of its modules, a lower bound, and ``modules``
    their number. ``names`` are the names in the notebook that refer to it, and
    ``users`` the other libraries that do. ``reason`` is why it cannot be unloaded,
    ``None`` if it can.
    """

    name: str
    bytes: int
    modules: int
    names: list[str]
    users: list[str]
    reason: str | None


class Libraries(TypedDict):
    """The reply to `AskLibraries`: the loaded libraries, the largest first.

    ``more`` counts those that are not included. ``complete`` is false if the time limit
    was reached, so that some bytes are too low, or users of objects are missing.
    ``took_s`` is the time that it took.
    """

    type: Literal["libraries"]
    protocol: int
    libraries: list[ListedLibrary]
    more: int
    complete: bool
    took_s: float


class Unloaded(TypedDict):
    """The reply to `Unload`: what was removed, and what that freed.

    ``freed_bytes`` is the resident memory of the process before minus after, at
    least 0. ``modules`` counts the removed modules, ``survivors`` those that are still
    in memory, and ``holders`` are what holds these, where it was found. ``names`` are
    the names that were removed from the notebook, and ``kept_names`` those of functions
    and classes that were not.
    """

    type: Literal["unloaded"]
    protocol: int
    name: str
    freed_bytes: int
    modules: int
    survivors: int
    holders: list[str]
    names: list[str]
    kept_names: list[str]


class Acted(TypedDict):
    """The reply to `Act`: what was done to a variable.

    ``freed_bytes`` is the resident memory of the process before minus after.
    ``before_bytes`` and ``after_bytes`` are the sizes of the value, ``None`` where no
    value replaces it. ``along`` are other variables that changed with it, ``holders``
    the paths to a value that is still in memory, and ``remedies`` the lines that
    release it.
    """

    type: Literal["acted"]
    protocol: int
    action: VariableAction
    name: str
    freed_bytes: int
    before_bytes: int | None
    after_bytes: int | None
    along: list[str]
    holders: list[str]
    remedies: list[str]


class Unavailable(TypedDict):
    """The reply to a valid request that cannot be fulfilled; nothing was changed."""

    type: Literal["unavailable"]
    protocol: int
    message: str


class Later(TypedDict):
    """The reply to a question that waits until no cell runs; ask again then."""

    type: Literal["later"]
    protocol: int


class Unsubscribed(TypedDict):
    """The reply to `Unsubscribe`."""

    type: Literal["unsubscribed"]
    protocol: int


class Incompatible(TypedDict):
    """The reply to a request of another protocol version.

    ``version`` is the version of jupyter_memkit in the kernel's environment.
    """

    type: Literal["incompatible"]
    protocol: int
    version: str


class Refused(TypedDict):
    """The reply to an invalid request."""

    type: Literal["refused"]
    protocol: int
    message: str


# Requests: from the page to the kernel, on the control channel. The widget of ``%memkit
# live`` sends some of them on its own comm, where it also receives broadcasts and
# replies.


class Subscribe(TypedDict):
    """Request a `Snapshot`, and broadcasts from now on.

    A second request with the same ``client_id`` renews the credit. ``since_s`` is the
    time of the last reading that the page has, 0 for everything.
    """

    type: Literal["subscribe"]
    protocol: int
    client_id: str
    since_s: float


class Unsubscribe(TypedDict):
    """End the broadcasts to this client, because its sidebar is hidden."""

    type: Literal["unsubscribe"]
    protocol: int
    client_id: str


class AskState(TypedDict):
    """Request a `State`; for programs, which do not subscribe."""

    type: Literal["state"]
    protocol: int


class AskVariables(TypedDict):
    """Request the `Variables`.

    ``is_patient`` is true if the user waits for them, so that they may take longer.
    """

    type: Literal["variables"]
    protocol: int
    is_patient: bool


class AskHolders(TypedDict):
    """Request the `Holders` of a variable's value.

    ``token`` is the one that was listed with the name.
    """

    type: Literal["holders"]
    protocol: int
    name: str
    token: str


class AskHints(TypedDict):
    """Request the `Hints`; ``is_patient`` is that of `AskVariables`."""

    type: Literal["hints"]
    protocol: int
    is_patient: bool


class AskLibraries(TypedDict):
    """Request the `Libraries`, which the user waits for."""

    type: Literal["libraries"]
    protocol: int


class Unload(TypedDict):
    """Unload a library; sent on the shell channel, so that it waits for its turn.

    Refused unless ``name`` is that of a library in `Libraries`.
    """

    type: Literal["unload"]
    protocol: int
    name: str


class Act(TypedDict):
    """Change a variable; sent on the shell channel, so that it waits for its turn.

    Refused unless the name still holds the object that ``token`` was listed with.
    """

    type: Literal["act"]
    protocol: int
    action: VariableAction
    name: str
    token: str


# The server's responses over HTTP.


class ServerReading(TypedDict):
    """The memory of a kernel as read from outside by the server.

    ``is_alive`` is false if the kernel's process has ended; the figures are then 0 and
    ``None``.
    """

    type: Literal["server_reading"]
    protocol: int
    t_s: float
    is_alive: bool
    rss_bytes: int
    children_bytes: int
    gauge: Gauge | None


class FamilyMemory(TypedDict):
    """The memory of a kernel and its child processes, as read by the server.

    ``at_least`` is true if there are forked child processes: what they copied from the
    kernel is not read, because that takes longer the more memory they have.
    """

    rss_bytes: int
    children_bytes: int
    at_least: bool
    gauge: Gauge | None


Unknown: TypeAlias = Literal["ended", "elsewhere", "refused"]
"""Why the memory of a kernel is not known."""


class KernelMemory(TypedDict):
    """A kernel of the server, and its memory.

    ``spec`` is the name of its kernel spec, ``state`` its execution state, and
    ``active_s`` the time of its last activity. ``memory`` is ``None`` if it is unknown,
    and ``unknown`` says why: its process has ended, it runs on another machine, or the
    system does not allow reading it.
    """

    kernel_id: str
    spec: str
    state: str
    active_s: float | None
    pid: int | None
    memory: FamilyMemory | None
    unknown: Unknown | None


class KernelList(TypedDict):
    """All kernels of the server."""

    type: Literal["kernel_list"]
    protocol: int
    t_s: float
    kernels: list[KernelMemory]


class Death(TypedDict):
    """The last state of a kernel that ended without a clean shutdown.

    ``id`` identifies it when it is dismissed. ``cause`` is ``"memory"`` only if the
    exit status and the count of killed processes prove it; ``signal`` and
    ``exit_status`` are those of the process, ``None`` if unknown. ``seen_s`` is when
    the state was last written, ``started_s`` when the running cell started, ``None`` if
    no cell was running. ``variables`` are the largest when the last cell before it
    ended.
    """

    id: str
    cause: Literal["memory", "signal", "exit", "unknown"]
    signal: int | None
    exit_status: int | None
    seen_s: float
    rss_bytes: int
    children_bytes: int
    limit_bytes: int | None
    limit_name: str | None
    growth_bytes_per_s: float
    execution_count: int | None
    cell_id: str | None
    first_line: str | None
    started_s: float | None
    variables: list[VariableSize]


class LastDeath(TypedDict):
    """The last death of the notebook's kernels that has not been dismissed."""

    type: Literal["last_death"]
    protocol: int
    death: Death | None


class Tour(TypedDict):
    """Where the first notebook of the course is, among the server's files."""

    type: Literal["tour"]
    protocol: int
    path: str


Broadcast: TypeAlias = Samples | Cells | Goodbye
Inspected: TypeAlias = Variables | Holders | Hints | Libraries | Unavailable | Later
Reply: TypeAlias = (
    Snapshot | Unsubscribed | Inspected | Acted | Unloaded | Incompatible | Refused
)
LabMessage: TypeAlias = (
    Subscribe
    | Unsubscribe
    | AskVariables
    | AskHolders
    | AskHints
    | AskLibraries
    | Act
    | Unload
)
