"""The records of freed memory."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from jupyter_memkit.records import Record


@dataclass(frozen=True, slots=True, kw_only=True)
class FreeingStep(Record):
    """One step of freeing memory.

    Attributes
    ----------
    name : str
        A description of what was released.
    freed_bytes : int
        The decrease of resident memory; negative if it rose meanwhile. It is 0 for a
        step that found nothing to release.
    """

    name: str
    freed_bytes: int


@dataclass(frozen=True, slots=True, kw_only=True)
class FreedDevice(Record):
    """The memory of a device before and after, as its driver measures it.

    Attributes
    ----------
    name : str
        The device, such as ``"GPU 0"``.
    before_bytes, after_bytes : int
        The memory in use.
    of_process : bool
        Whether this is the memory of this process only. If the driver does not report
        that, it is the memory of all processes.
    """

    name: str
    before_bytes: int
    after_bytes: int
    of_process: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Held(Record):
    """What keeps a deleted variable's value, or a part of it, in memory.

    Attributes
    ----------
    is_value : bool
        Whether the value itself is alive, and not only blocks of its memory.
    bytes : int
        The blocks of at least 1 MiB that are alive, a lower bound.
    holders : tuple of str
        The paths that lead there, with what they lead through:
        ``"job.opt (optimizer)"``. Empty if nothing that can be
        searched holds it, but compiled code, a running function or ``atexit``.
    remedies : tuple of str
        The lines to run, in this order; empty if none is known.
    complete : bool
        Whether everything was searched before the time limit.
    suspects : tuple of str
        Where `holders` is empty, the variables that may hold it, because Python does
        not see what a part of them refers to.
    torchscript : bool
        Where `holders` is empty, whether it may be what torch has traced or scripted:
        torch keeps this with the tensors in it until the process ends.
    """

    is_value: bool
    bytes: int
    holders: tuple[str, ...]
    remedies: tuple[str, ...]
    complete: bool = True
    suspects: tuple[str, ...] = ()
    torchscript: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Freed(Record):
    """The memory that was returned to the system.

    Attributes
    ----------
    total_bytes : int
        Resident memory of the process before minus after.
    rss_bytes : int
        Resident memory after.
    python_heap_free_bytes : int
        Memory that is free in Python's heap, and that cannot be returned while objects
        next to it are in use; 0 if unknown.
    steps : tuple of FreeingStep
        The steps in order, and what was returned during steps that found nothing to
        release; their bytes add up to the total.
    devices : tuple of FreedDevice
        The devices that this process uses.
    names : tuple of str
        The variables that were deleted.
    copies : tuple of str
        Other holders of their values that were cleared.
    hooks : tuple of str
        The hooks of torch that were removed.
    held : mapping of str to Held
        What keeps a variable's value alive, for each that is still in memory.
    isolated : mapping of str to tuple of str
        For a variable, the processes of ``%%isolated`` that have a copy of it.
    made_in : tuple of int
        The numbers of the cells that made the variables, if they kept clearly more than
        was returned.
    made_bytes : int
        What these cells kept, other variables included.
    suspects : tuple of str
        The variables that may hold the difference, because Python does not see what a
        part of them refers to.
    workers : int
        The number of idle worker processes that were ended.
    workers_bytes : int
        The memory that only they used, which is not part of the total.
    """

    total_bytes: int
    rss_bytes: int
    steps: tuple[FreeingStep, ...]
    devices: tuple[FreedDevice, ...] = ()
    names: tuple[str, ...] = ()
    copies: tuple[str, ...] = ()
    hooks: tuple[str, ...] = ()
    held: Mapping[str, Held] = field(default_factory=dict)
    isolated: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    made_in: tuple[int, ...] = ()
    made_bytes: int = 0
    suspects: tuple[str, ...] = ()
    workers: int = 0
    workers_bytes: int = 0
    python_heap_free_bytes: int = 0
