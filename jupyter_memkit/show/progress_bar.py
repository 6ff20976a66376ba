"""The bar itself: text in a terminal, in a notebook an output that clears itself.

A widget would remain in a saved notebook as an empty box.
"""

from __future__ import annotations

import html
from typing import Any

from IPython import get_ipython
from IPython.display import display
from tqdm import tqdm


class _TerminalBar(tqdm):  # type: ignore[type-arg] # not generic when it runs
    # tqdm would start a thread for slow bars and leave it running.
    monitor_interval = 0


class _NotebookBar(_TerminalBar):
    """Displays itself as one output, which is empty at the end."""

    # Of the class, because tqdm also closes a bar that an interrupt left half made.
    _output: Any = None

    def __init__(self, **options: Any) -> None:
        # tqdm's setting for bars that do not write to a stream.
        super().__init__(gui=True, **options)
        self.gui = False
        self.refresh(nolock=True)

    def display(self, msg: str | None = None, pos: int | None = None) -> None:
        """Show the progress."""
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
        """Close the bar and clear its output."""
        if self._output is not None:
            self._output.update({}, raw=True)
            self._output = None
        self.disable = True


def make_bar(total: int | None, unit: str) -> Any:
    """Return a bar for the terminal or the notebook.

    Parameters
    ----------
    total : int or None
        The number of units, if known.
    unit : str
        The noun for what is counted.
    """
    shell = get_ipython()
    has_outputs = getattr(shell, "kernel", None) is not None
    bar = _NotebookBar if has_outputs else _TerminalBar
    return bar(total=total, unit=f" {unit}", unit_scale=True, leave=False)
