"""The plain form of ``%memkit live``: the status, and the largest variables."""

from __future__ import annotations

import dataclasses
import time
from dataclasses import dataclass
from typing import Any

from jupyter_memkit.records import Record
from jupyter_memkit.show import memls, status
from jupyter_memkit.show.report import Report
from jupyter_memkit.show.status import Status, read_status
from jupyter_memkit.track.tracker import MemoryTracker
from jupyter_memkit.track.variables import Variables, list_variables

_BUDGET_S = 0.2
_SHOWN = 10
_NOT_LIVE = (
    "The chart is live where widgets run, such as JupyterLab, Notebook or VS Code, as "
    "long as its kernel runs."
)


@dataclass(frozen=True, slots=True, kw_only=True)
class LivePlain(Record):
    """The figures of ``%memkit live`` at one moment.

    Attributes
    ----------
    t_s : float
        The time, in seconds since the epoch.
    status : Status
        The memory and its limit.
    variables : Variables or None
        The variables; None without a shell.
    note : str
        Why the figures are not live.
    """

    t_s: float
    status: Status
    variables: Variables | None
    note: str


def read_live(
    tracker: MemoryTracker, shell: Any, *, note: str = _NOT_LIVE
) -> LivePlain:
    """Return the current figures.

    Parameters
    ----------
    tracker : MemoryTracker
        The source of the readings.
    shell : IPython.core.interactiveshell.InteractiveShell or None
        The shell whose variables are listed.
    note : str
        Why the figures are not live.
    """
    variables = None
    if shell is not None:
        variables = list_variables(shell, budget_s=_BUDGET_S)
    return LivePlain(
        t_s=time.time(), status=read_status(tracker), variables=variables, note=note
    )


def build_report(plain: LivePlain) -> Report:
    """Build the report of the figures."""
    general = status.build_report(plain.status)
    clock = time.strftime("%H:%M:%S", time.localtime(plain.t_s))
    rows = (("time", clock), *general.rows)
    if plain.variables is None:
        return dataclasses.replace(general, rows=rows, notes=(plain.note,))
    largest = dataclasses.replace(
        plain.variables, variables=plain.variables.variables[:_SHOWN]
    )
    listed = memls.build_report(largest)
    count = memls.build_report(plain.variables).title
    return Report(
        title=general.title,
        rows=(*rows, ("largest variables", count)),
        table=listed.table,
        notes=(*listed.notes, plain.note),
    )
