"""Answers what the page asks about variables and libraries, between cells."""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable
from typing import Any

from jupyter_memkit import protocol
from jupyter_memkit.channel.between_cells import run_between_cells
from jupyter_memkit.errors import MemkitError
from jupyter_memkit.track.tracker import MemoryTracker

# A cell that the user starts meanwhile waits about as long at most, so the first time
# is short, and the page asks again only after many times as long. The second is for a
# user who waits for the answer.
_VARIABLES_BUDGETS_S = (0.2, 1.0)
_HINTS_BUDGETS_S = (0.5, 2.0)
_HOLDERS_BUDGET_S = 1.0
# Only a user who waits for the answer asks.
_LIBRARIES_BUDGET_S = 2.0


class Inspecting:
    """Answers what the page asks about variables and libraries.

    Parameters
    ----------
    kernel : ipykernel.ipkernel.IPythonKernel
        The kernel of this process.
    shell : IPython.core.interactiveshell.InteractiveShell
        The shell with the variables.
    tracker : MemoryTracker
        Knows the cells.
    """

    def __init__(self, kernel: Any, shell: Any, tracker: MemoryTracker) -> None:
        self._kernel = kernel
        self._shell = shell
        self._tracker = tracker
        self.answers: dict[str, Callable[[Any], Awaitable[protocol.Reply]]] = {
            "variables": self._answer(self._list_variables),
            "holders": self._answer(self._find_holders),
            "hints": self._answer(self._find_hints),
            "libraries": self._answer(self._list_libraries),
        }
        """What replies to each type of request, on the control thread."""

    def _answer(
        self, inspect: Callable[[Any], protocol.Inspected]
    ) -> Callable[[Any], Awaitable[protocol.Reply]]:
        async def answer(request: Any) -> protocol.Reply:
            try:
                reply = await run_between_cells(
                    self._kernel, self._tracker, lambda: inspect(request)
                )
            except MemkitError as error:
                return unavailable(error)
            return reply or {"type": "later", "protocol": protocol.PROTOCOL_VERSION}

        return answer

    # What these need is imported on first use, so that a kernel starts fast.

    def _list_variables(self, request: Any) -> protocol.Variables:
        from jupyter_memkit.channel.listing import read_variables  # noqa: PLC0415

        budget_s = _VARIABLES_BUDGETS_S[request["is_patient"]]
        return read_variables(self._shell, budget_s=budget_s)

    def _find_holders(self, request: Any) -> protocol.Holders:
        from jupyter_memkit.channel.identity import find_value  # noqa: PLC0415
        from jupyter_memkit.channel.listing import holders_message  # noqa: PLC0415
        from jupyter_memkit.measure.holders import holders  # noqa: PLC0415

        name = request["name"]
        found = holders(
            find_value(self._shell, name, request["token"]),
            shell=self._shell,
            budget_s=_HOLDERS_BUDGET_S,
        )
        return holders_message(name, found)

    def _find_hints(self, request: Any) -> protocol.Hints:
        from jupyter_memkit.channel.listing import hints_message  # noqa: PLC0415
        from jupyter_memkit.hints import find_hints  # noqa: PLC0415

        started_s = time.perf_counter()
        budget_s = _HINTS_BUDGETS_S[request["is_patient"]]
        found = find_hints(self._shell, self._tracker.cells, budget_s=budget_s)
        return hints_message(found, time.perf_counter() - started_s)

    def _list_libraries(self, _request: Any) -> protocol.Libraries:
        from jupyter_memkit.channel.libraries import read_libraries  # noqa: PLC0415

        return read_libraries(self._shell, budget_s=_LIBRARIES_BUDGET_S)


def unavailable(error: MemkitError) -> protocol.Unavailable:
    """Build the reply to a request that cannot be fulfilled."""
    return {
        "type": "unavailable",
        "protocol": protocol.PROTOCOL_VERSION,
        "message": str(error),
    }
