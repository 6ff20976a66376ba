"""The bar itself: text in a terminal, an output in a notebook that empties itself.

A widget would stay in a saved notebook as a box without its contents.
"""

from __future__ import annotations

import html
from typing import Any

from IPython import get_ipython
from IPython.display import display
from tqdm import tqdm


class _TerminalBar(tqdm):  # type: ignore[type-arg] # not generic when it runs
    # tqdm would start a thread for slow bars, and leave it running.
    monitor_interval = 0


class _NotebookBar(_TerminalBar):
    """Shows itself as one output, which has nothing in it after the end."""

    def __init__(self, **options: Any) -> None:
        self._output: Any = None
        # As tqdm calls bars that do not write to a stream.
        super().__init__(gui=True, **options)
        self.gui = False
        self.refresh(nolock=True)

    def display(self, msg: str | None = None, pos: int | None = None) -> None:
        """Show how far it is."""
        text = self.__str__() if msg is None else msg
        value = f' value="{self.n}" max="{self.total}"' if self.total else ""
        data = {
            "text/plain": text,
            "text/html": f"<progress{value}></progress> {html.escape(text)}",
        }
        if self._output is None:
            self._output = display(data, raw=True, display_id=True)
        elif pos is None or pos == 0:
            self._output.update(data, raw=True)

    def close(self) -> None:
        """End it, and leave an output without contents."""
        if self._output is not None:
            self._output.update({}, raw=True)
            self._output = None
        self.disable = True


def make_bar(total: int | None, unit: str) -> Any:
    """Return a bar for where it is to be seen.

    Parameters
    ----------
    total : int or None
        How many units there are, where that is known.
    unit : str
        What is counted.
    """
    shell = get_ipython()
    has_outputs = getattr(shell, "kernel", None) is not None
    bar = _NotebookBar if has_outputs else _TerminalBar
    return bar(total=total, unit=f" {unit}", unit_scale=True, leave=False)
