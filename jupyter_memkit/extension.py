"""The composition root: builds the parts, connects them, and removes them."""

from __future__ import annotations

import atexit
import warnings
from contextlib import ExitStack
from typing import Any

from jupyter_memkit.channel.kernel import KernelChannel
from jupyter_memkit.channel.support import explain_unsupported
from jupyter_memkit.interrupts import Interrupts
from jupyter_memkit.magics import completing, registry
from jupyter_memkit.magics.arguments import refusing
from jupyter_memkit.magics.awaiting import AwaitTransformer
from jupyter_memkit.magics.chunked.magic import ChunkedMagics
from jupyter_memkit.magics.gc_pause import GcPauseMagics
from jupyter_memkit.magics.isolated.magic import IsolatedMagics
from jupyter_memkit.magics.mem import MemMagics
from jupyter_memkit.magics.memfree import MemfreeMagics
from jupyter_memkit.magics.memguard.magic import MemguardMagics
from jupyter_memkit.magics.memit import MemitMagics
from jupyter_memkit.magics.memkit import MemkitMagics
from jupyter_memkit.magics.memleaks import MemleaksMagics
from jupyter_memkit.magics.memls import MemlsMagics
from jupyter_memkit.magics.memplot import MemplotMagics
from jupyter_memkit.magics.memsnap import MemsnapMagics
from jupyter_memkit.magics.shrink import ShrinkMagics
from jupyter_memkit.magics.spill import SpillMagics
from jupyter_memkit.magics.to_numpy import ToNumpyMagics
from jupyter_memkit.magics.unload import UnloadMagics
from jupyter_memkit.show import formatters
from jupyter_memkit.techniques.guard.armed import process_guard
from jupyter_memkit.track.deaths import remove_old_states
from jupyter_memkit.track.events import CellEvents
from jupyter_memkit.track.largest import LargestVariables
from jupyter_memkit.track.last_state import END_SUFFIX, LastState, Place, find_place
from jupyter_memkit.track.tracker import MemoryTracker
from jupyter_memkit.track.user_variables import user_variables
from jupyter_memkit.widget.live import close_live

_MAGICS = (
    ChunkedMagics,
    GcPauseMagics,
    IsolatedMagics,
    MemMagics,
    MemfreeMagics,
    MemguardMagics,
    MemkitMagics,
    MemleaksMagics,
    MemlsMagics,
    MemplotMagics,
    MemsnapMagics,
    ShrinkMagics,
    SpillMagics,
    ToNumpyMagics,
    UnloadMagics,
)

# The records, and the modules of `show` that report them.
_REPORTS = {
    "jupyter_memkit.hints.records.Hints": "jupyter_memkit.show.hints",
    "jupyter_memkit.measure.holders.Holders": "jupyter_memkit.show.holders",
    "jupyter_memkit.show.export.Exported": "jupyter_memkit.show.export",
    "jupyter_memkit.show.live.LivePlain": "jupyter_memkit.show.live",
    "jupyter_memkit.show.processes.Processes": "jupyter_memkit.show.processes",
    "jupyter_memkit.show.status.Status": "jupyter_memkit.show.status",
    "jupyter_memkit.techniques.arrays.csv_reading.advice.ReadingAdvice": (
        "jupyter_memkit.show.csv_reading"
    ),
    "jupyter_memkit.techniques.arrays.records.Packed": "jupyter_memkit.show.to_numpy",
    "jupyter_memkit.techniques.arrays.records.Shrunk": "jupyter_memkit.show.shrink",
    "jupyter_memkit.techniques.chunked.plan.ChunkedPlan": (
        "jupyter_memkit.show.chunked_plan"
    ),
    "jupyter_memkit.techniques.chunked.summary.ChunkedSummary": (
        "jupyter_memkit.show.chunked"
    ),
    "jupyter_memkit.techniques.chunked.training.fitted.Fitted": (
        "jupyter_memkit.show.fitted"
    ),
    "jupyter_memkit.techniques.gc_pausing.pause.GcPause": (
        "jupyter_memkit.show.gc_pause"
    ),
    "jupyter_memkit.techniques.gc_pausing.switch.GcStatus": (
        "jupyter_memkit.show.gc_pause"
    ),
    "jupyter_memkit.techniques.guard.records.GuardStatus": "jupyter_memkit.show.guard",
    "jupyter_memkit.techniques.guard.records.GuardStop": "jupyter_memkit.show.guard",
    "jupyter_memkit.techniques.isolated.records.IsolatedClosed": (
        "jupyter_memkit.show.isolated"
    ),
    "jupyter_memkit.techniques.isolated.records.IsolatedProcesses": (
        "jupyter_memkit.show.isolated"
    ),
    "jupyter_memkit.techniques.isolated.records.IsolatedResult": (
        "jupyter_memkit.show.isolated"
    ),
    "jupyter_memkit.techniques.out_of_memory.records.OutOfMemory": (
        "jupyter_memkit.show.out_of_memory"
    ),
    "jupyter_memkit.techniques.releasing.records.Freed": "jupyter_memkit.show.memfree",
    "jupyter_memkit.techniques.spilling.listing.SpilledVariables": (
        "jupyter_memkit.show.spill"
    ),
    "jupyter_memkit.techniques.spilling.variables.Spilled": "jupyter_memkit.show.spill",
    "jupyter_memkit.techniques.unloading.listing.Libraries": (
        "jupyter_memkit.show.libraries"
    ),
    "jupyter_memkit.techniques.unloading.unload.Unloaded": (
        "jupyter_memkit.show.unload"
    ),
    "jupyter_memkit.techniques.variables.undo.Restored": "jupyter_memkit.show.shrink",
    "jupyter_memkit.track.collector_costs.CollectorCosts": (
        "jupyter_memkit.show.collector_costs"
    ),
    "jupyter_memkit.track.line_memory.LinesResult": "jupyter_memkit.show.lines",
    "jupyter_memkit.track.snapshots.Comparison": "jupyter_memkit.show.memsnap",
    "jupyter_memkit.track.snapshots.Moments": "jupyter_memkit.show.memsnap",
    "jupyter_memkit.track.snapshots.Snapshot": "jupyter_memkit.show.memsnap",
    "jupyter_memkit.track.variables.Variables": "jupyter_memkit.show.memls",
    "jupyter_memkit.track.mem.MemResult": "jupyter_memkit.show.mem",
}

# The callbacks that undo the loading, by shell.
_loaded: dict[Any, ExitStack] = {}


def load(shell: Any) -> None:
    """Load the extension into a shell, unless it is loaded already."""
    if shell in _loaded:
        return
    # Each step adds its undo to the stack, which runs if a later step fails.
    with refusing(), ExitStack() as undo:
        tracker = undo.enter_context(MemoryTracker())
        undo.callback(close_live)
        events = CellEvents(shell, tracker)
        events.attach()
        undo.callback(events.detach)
        # A plain terminal has no kernel and no sidebar.
        kernel = getattr(shell, "kernel", None)
        if hasattr(kernel, "control_handlers"):
            _connect(kernel, shell, tracker, undo)
        awaiting = AwaitTransformer(shell)
        shell.input_transformers_post.append(awaiting)
        undo.callback(shell.input_transformers_post.remove, awaiting)
        for magics in _MAGICS:
            registry.register(shell, magics(shell), undo)
        # If memory_profiler is loaded, it keeps the name.
        tables = shell.magics_manager.magics.values()
        if not any("memit" in table for table in tables):
            registry.register(shell, MemitMagics(shell), undo)
        completing.register(shell, undo)
        for record_type, module in _REPORTS.items():
            formatters.register(shell, record_type, module, undo)
        _loaded[shell] = undo.pop_all()


def _connect(kernel: Any, shell: Any, tracker: MemoryTracker, undo: ExitStack) -> None:
    """Connect the kernel with the sidebar, or warn that it is too old."""
    obstacle = explain_unsupported()
    if obstacle is not None:
        warnings.warn(obstacle, stacklevel=2)
        return
    largest = LargestVariables(lambda: user_variables(shell))
    tracker.largest = largest
    channel = KernelChannel(kernel, tracker, shell)
    channel.attach()
    undo.callback(channel.detach)
    place = find_place()
    if place is not None:
        _leave_state(place, tracker, largest, undo)


def _leave_state(
    place: Place, tracker: MemoryTracker, largest: LargestVariables, undo: ExitStack
) -> None:
    """Keep the kernel's last state on disk until it ends."""
    remove_old_states(place.folder)
    state = LastState(tracker, place, largest)
    state.attach()
    undo.callback(state.detach)
    # A kernel that ends does not unload its extensions.
    atexit.register(state.detach)
    undo.callback(atexit.unregister, state.detach)
    process_guard().end_path = str(place.path.with_suffix(END_SUFFIX))


def unload(shell: Any) -> None:
    """Undo everything that `load` did to a shell."""
    with Interrupts():  # Nothing stays half loaded.
        undo = _loaded.pop(shell, None)
        if undo is not None:
            undo.close()
