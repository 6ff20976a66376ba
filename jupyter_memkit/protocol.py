"""The wire between the kernel, the server and the sidebar: its only definition.

``labextension/src/protocol.ts`` is generated from this module by
``python -m tests.protocol_codegen``; a test fails when the two differ.

The kernel *broadcasts* on iopub, as ``comm_msg`` with the fixed id `COMM_ID`,
and only while somebody is subscribed. The page *requests* on the control
channel, message type `REQUEST_TYPE`, and gets one reply of type `REPLY_TYPE`.
No comm is ever opened: nothing leaks on reload, nothing waits behind a busy
cell, and no figure of the user's is flushed by us.

Conventions: bytes are integers, times are seconds, ``*_s`` on a clock are
seconds since the epoch; ``None`` means "known to be unavailable". A receiver
ignores message types that it does not know.
"""

from __future__ import annotations

from typing import Literal, TypeAlias, TypedDict

PROTOCOL_VERSION = 1
"""Raised by one whenever an old peer would misread a new message."""

COMM_ID = "jupyter_memkit"
"""The ``comm_id`` of every broadcast."""

REQUEST_TYPE = "memkit_request"
"""The Jupyter message type of a request on the control channel."""

REPLY_TYPE = "memkit_reply"
"""The Jupyter message type of the reply to a request."""


class SampleColumns(TypedDict):
    """Readings as columns of equal length, oldest first.

    ``peak_bytes`` is the system's high-water mark where it rose since the
    reading before, so a spike between two readings shows; else the reading.
    ``children_bytes`` is the memory of the kernel's child processes together.
    """

    t_s: list[float]
    rss_bytes: list[int]
    peak_bytes: list[int]
    children_bytes: list[int]


class Limit(TypedDict):
    """The tightest limit on the kernel's memory, and what sets it."""

    bytes: int
    name: str


class GpuAllocator(TypedDict):
    """What a library in the kernel holds of a device.

    ``allocated_bytes`` is in objects, ``reserved_bytes`` is what the library keeps
    of the device for them, ``peak_bytes`` the highest ``allocated_bytes``.
    """

    library: str
    allocated_bytes: int
    reserved_bytes: int | None
    peak_bytes: int | None


class Gpu(TypedDict):
    """The memory of a graphics device, of all of it and of the kernel's process.

    ``process_bytes`` is ``None`` where the driver does not tell.
    """

    index: int
    name: str
    used_bytes: int
    total_bytes: int
    process_bytes: int | None
    allocators: list[GpuAllocator]


class CollectorPause(TypedDict):
    """Python's garbage collector, while it does not run as it was found.

    ``enabled`` says that it runs, but with raised thresholds. ``by`` is the code that
    paused it, such as ``%gc_pause on``; ``since_s`` is when, ``None`` where
    ``gc.disable()`` did it, which leaves no date.
    """

    enabled: bool
    by: str
    since_s: float | None


class Present(TypedDict):
    """What is only told for the moment of the message.

    ``children`` counts the kernel's child processes, those of theirs included;
    ``swap_bytes`` is the kernel's own memory in swap. ``collector_pause`` is ``None``
    while the garbage collector runs.
    """

    children: int
    swap_bytes: int | None
    gpus: list[Gpu]
    collector_pause: CollectorPause | None


class RunningCell(TypedDict):
    """The cell that runs at the moment of the message."""

    execution_count: int | None
    cell_id: str | None
    first_line: str
    started_s: float
    before_bytes: int
    peak_bytes: int
    exact: bool


class Activity(TypedDict):
    """The work under way that counts what it has done, such as a run over chunks.

    ``done`` counts units of ``unit``, of which there are ``total``, or look to be;
    ``None`` where nothing tells. ``per_s`` is how many are done in a second, ``None``
    until that can be told. All of this was so at ``told_s``. ``chunk_peak_bytes`` is
    by how much the process grew in the last chunk, ``budget_bytes`` by how much it may.
    """

    label: str
    unit: str
    told_s: float
    done: int
    total: int | None
    per_s: float | None
    chunks: int
    chunk_peak_bytes: int | None
    budget_bytes: int | None


class Cell(TypedDict):
    """The account of a finished cell.

    ``exact`` says whether ``peak_bytes`` is the system's high-water mark or
    the highest of the samples; ``peak_line`` is the line of the notebook that ran at
    the highest sample, ``None`` where no sample saw the peak. ``children_exact`` says
    the same of ``children_peak_bytes``, the highest memory of child processes together;
    ``children_before_bytes`` is that at the start.
    ``gc_s`` is the garbage collector's time; ``gc_young``, ``gc_middle`` and
    ``gc_old`` count its collections by generation. ``minor_faults`` and
    ``major_faults`` count page faults, without and with a read from disk.
    ``error`` is the name of the exception that ended the cell, ``None`` when it
    ended well.
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
    gc_s: float
    gc_young: int
    gc_middle: int
    gc_old: int
    minor_faults: int | None
    major_faults: int | None
    error: str | None


# Broadcasts: kernel to every page.


class Samples(TypedDict):
    """Broadcast while a cell runs, and when an idle kernel's memory changes."""

    type: Literal["samples"]
    protocol: int
    samples: SampleColumns
    present: Present
    running: RunningCell | None
    activity: Activity | None


class Cells(TypedDict):
    """Broadcast after cells have ended, oldest first."""

    type: Literal["cells"]
    protocol: int
    cells: list[Cell]


class Goodbye(TypedDict):
    """Broadcast when the extension is unloaded."""

    type: Literal["goodbye"]
    protocol: int


# Replies: kernel to the page that asked.


class Snapshot(TypedDict):
    """The reply to `Subscribe`: all that the page needs to draw the sidebar.

    ``samples`` and ``cells`` hold what is later than the request's
    ``since_s``. ``credit`` is the number of broadcasts that the subscription
    is good for; the page subscribes again before it is used up.
    """

    type: Literal["snapshot"]
    protocol: int
    version: str
    limit: Limit | None
    samples: SampleColumns
    present: Present
    cells: list[Cell]
    running: RunningCell | None
    activity: Activity | None
    credit: int


class GpuMemory(TypedDict):
    """The memory of a graphics device in a `State`."""

    index: int
    used_bytes: int
    total_bytes: int
    process_bytes: int | None


class Progress(TypedDict):
    """The work under way in a `State`, in units of its own."""

    label: str
    done: int
    total: int | None


class RunningSummary(TypedDict):
    """The cell that runs, in a `State`."""

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

    Texts are cut, and at most four devices are told. ``exact`` says whether the peaks
    of cells are the system's high-water marks. ``highest_cell`` is the finished cell
    with the highest peak of those that are kept.
    """

    type: Literal["state"]
    protocol: int
    version: str
    rss_bytes: int
    limit: Limit | None
    swap_bytes: int | None
    children: int
    children_bytes: int
    gpus: list[GpuMemory]
    collector_paused_by: str | None
    activity: Progress | None
    running: RunningSummary | None
    exact: bool
    cells_ended: int
    last_cell: CellSummary | None
    highest_cell: CellSummary | None


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
    """The reply to a request that is not one of this protocol."""

    type: Literal["refused"]
    protocol: int
    message: str


# Requests: page to kernel, on the control channel.


class Subscribe(TypedDict):
    """Ask for a `Snapshot` and for broadcasts from now on.

    Sent again by the same ``client_id`` it renews the credit; ``since_s`` is
    then the time of the last reading that the page has, 0 for everything.
    """

    type: Literal["subscribe"]
    protocol: int
    client_id: str
    since_s: float


class Unsubscribe(TypedDict):
    """End the broadcasts for this client: its sidebar is hidden."""

    type: Literal["unsubscribe"]
    protocol: int
    client_id: str


class AskState(TypedDict):
    """Ask for a `State`; for programs, which subscribe to nothing."""

    type: Literal["state"]
    protocol: int


# The server's answer over HTTP.


class ServerReading(TypedDict):
    """The memory of a kernel as read by the server, from outside the kernel."""

    type: Literal["server_reading"]
    protocol: int
    t_s: float
    rss_bytes: int


Broadcast: TypeAlias = Samples | Cells | Goodbye
Reply: TypeAlias = Snapshot | Unsubscribed | Incompatible | Refused
LabMessage: TypeAlias = Subscribe | Unsubscribe
