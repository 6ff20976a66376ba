"""Shrinks pandas frames column by column, with at most one additional column in memory.

A frame that nothing else holds is taken apart: the memory of each column is freed
before the next one is processed. If something else holds the frame, the new columns are
put into a shallow copy.
"""

from __future__ import annotations

import weakref
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from typing import Any

from jupyter_memkit.errors import MemkitError
from jupyter_memkit.techniques.allocator import release_unused
from jupyter_memkit.techniques.arrays.frame_blocks import FrameBlocks
from jupyter_memkit.techniques.arrays.pandas_columns import examine_column
from jupyter_memkit.techniques.arrays.policy import Change, Policy
from jupyter_memkit.techniques.arrays.records import Part
from jupyter_memkit.techniques.arrays.type_names import name_one
from jupyter_memkit.techniques.progress import Tick

# Smaller amounts are freed at the end.
_LARGE_BYTES = 8 << 20

Restore = Callable[[Any], Any]


def check_frame(frame: Any) -> None:
    """Raise an error if a frame or Series is a subclass of pandas' own.

    Raises
    ------
    MemkitError
        If it is a subclass; the message contains the remedy.
    """
    import pandas as pd  # noqa: PLC0415 - the frame is pandas'

    if type(frame) is not pd.DataFrame and type(frame) is not pd.Series:
        is_series = issubclass(type(frame), pd.Series)
        base = "pd.Series" if is_series else "pd.DataFrame"
        message = (
            f"it is {name_one(frame)}, which may hold more than columns; shrink the "
            f"result of {base}(it) instead"
        )
        raise MemkitError(message)


class FrameShrinker:
    """Shrinks one frame.

    Parameters
    ----------
    take : callable
        Returns the frame and drops its own reference. If nothing else holds it, it is
        taken apart, and lost unless `shrink` or `restore` returns it.
    policy : Policy
        What may be done; for rounding, something else must hold the frame.
    tick : callable, optional
        Called with the number of values processed since the last call.
    allowed : callable, optional
        Returns a context in which Ctrl-C is allowed.

    Attributes
    ----------
    parts : list of Part
        The result for each column.
    restores : dict of int to callable or None
        Functions that restore changed columns, by column number.
    """

    def __init__(
        self,
        take: Callable[[], Any],
        policy: Policy,
        tick: Tick | None = None,
        allowed: Callable[[], AbstractContextManager[Any]] = nullcontext,
    ) -> None:
        self._policy = policy
        self._tick = tick
        self._allowed = allowed
        frame = take()
        self._frame = weakref.ref(frame)
        self._labels, self._index = frame.columns, frame.index
        self._attrs = frame.attrs
        self._unique_labels = not frame.flags.allows_duplicate_labels
        self._columns = [frame.iloc[:, number] for number in range(frame.shape[1])]
        self._changes: dict[int, Change] = {}
        self.parts: list[Part] = []

    @property
    def restores(self) -> dict[int, Restore | None]:
        """Functions that restore changed columns."""
        return {
            number: change.restore
            for number, change in self._changes.items()
            if change.restore is not _return
        }

    def shrink(self) -> Any:
        """Return the smaller frame; an equal one, or itself, if nothing is smaller."""
        frame = self._frame()
        if frame is not None:
            return self._shrink_shared(frame)
        blocks = FrameBlocks(self._columns)
        try:
            for number in range(len(self._columns)):
                self._shrink_own(number, blocks)
            for number in blocks.find_leftovers(set(self._changes)):
                column = self._columns[number]
                with self._allowed():
                    copied = column.copy()
                self._put(number, Change(result=copied, restore=_return), blocks)
        except BaseException:
            self._take_back(blocks)
            raise
        return self._build([self._find(number) for number in range(len(self._columns))])

    def restore(self) -> Any:
        """Return the frame as it was before `shrink` failed."""
        frame = self._frame()
        return self._build(self._columns) if frame is None else frame

    def _shrink_shared(self, frame: Any) -> Any:
        for number, column in enumerate(self._columns):
            with self._allowed():
                change = self._look(column)
            if change.result is not column:
                self._changes[number] = change
        if not self._changes:
            return frame
        smaller = frame.copy(deep=not _copies_on_write())
        for number, change in self._changes.items():
            smaller.isetitem(number, change.result)
        return smaller

    def _shrink_own(self, number: int, blocks: FrameBlocks) -> None:
        column = self._columns[number]
        with self._allowed():
            change = self._look(column)
        if change.result is not column:
            self._put(number, change, blocks)

    def _put(self, number: int, change: Change, blocks: FrameBlocks) -> None:
        self._changes[number] = change
        if blocks.has(number):
            blocks.release(number, self._columns[number].to_numpy())
        else:
            self._columns[number] = None
            if self.parts[-1].before_bytes >= _LARGE_BYTES:
                # pyarrow's allocator would keep it for the next column.
                release_unused()

    def _take_back(self, blocks: FrameBlocks) -> None:
        for number, change in self._changes.items():
            assert change.restore is not None, "rounding must not take a frame apart"
            before = change.restore(change.result)
            if blocks.has(number):
                place = self._columns[number].to_numpy()
                blocks.write_back(number, place, before.to_numpy())
            else:
                self._columns[number] = before
        self._changes.clear()

    def _look(self, column: Any) -> Change:
        change, part = examine_column(column, self._policy, self._tick)
        self.parts.append(part)
        return change

    def _find(self, number: int) -> Any:
        change = self._changes.get(number)
        return self._columns[number] if change is None else change.result

    def _build(self, columns: list[Any]) -> Any:
        import pandas as pd  # noqa: PLC0415 - the frame is pandas'

        frame: Any = pd.DataFrame(
            dict(enumerate(columns)), index=self._index, copy=False
        )
        frame.columns = self._labels
        frame.attrs = self._attrs
        frame.flags.allows_duplicate_labels = not self._unique_labels
        return frame


def _return(values: Any) -> Any:
    return values


def _copies_on_write() -> bool:
    """Return whether a shallow copy is independent; since pandas 3 it always is."""
    import pandas as pd  # noqa: PLC0415 - as above

    return int(pd.__version__.partition(".")[0]) >= 3
