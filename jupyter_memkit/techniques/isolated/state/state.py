"""Sends the state of a process, takes it over in another one, and finds its changes.

A part that a library keeps waits until the library is imported, so it never costs an
import. Changes are found by reading all parts again; those that an import makes by
itself do not count.
"""

from __future__ import annotations

import contextlib
import io
import pickle
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from jupyter_memkit.techniques.isolated.state.imports import ImportWatch
from jupyter_memkit.techniques.isolated.state.row import Row
from jupyter_memkit.techniques.processes.pickling import Pickler

_NOTHING = object()


class SentState:
    """The state of this process that was sent to another one.

    Parameters
    ----------
    rows : sequence of Row
        The parts of the state.
    """

    def __init__(self, rows: Sequence[Row]) -> None:
        self._rows = rows
        self._sent: dict[str, bytes] = {}
        self._own: set[str] = set()

    def take_changes(self) -> dict[str, bytes]:
        """Return, pickled, the parts that differ from what was sent before.

        Parts that the other process changed itself are left out.
        """
        changes = {}
        for row in self._rows:
            if row.write is None or row.name in self._own or not _is_loaded(row):
                continue
            content = _dump(row.read)
            if self._sent.get(row.name) != content:
                self._sent[row.name] = changes[row.name] = content
        return changes

    def leave(self, names: Sequence[str]) -> None:
        """Stop sending parts that the other process changed itself."""
        self._own.update(names)


class HereState:
    """The state of this process, taken over from another one.

    Parameters
    ----------
    rows : sequence of Row
        The parts of the state.
    """

    def __init__(self, rows: Sequence[Row]) -> None:
        self._rows: dict[str, Row] = {}
        self._watch = ImportWatch(self._importing)
        self._before: dict[str, Any] = {}
        self._contents: dict[str, bytes] = {}
        self._values: dict[str, Any] = {}
        self._problems: dict[str, str] = {}
        # The parts that wait for modules, with the names of these.
        self._awaited: set[tuple[str, str]] = set()
        self.add_rows(rows)
        self._watch.start()

    def add_rows(self, rows: Sequence[Row]) -> None:
        """Add parts."""
        for row in rows:
            self._rows[row.name] = row
            if row.module:
                self._watch.when_loaded(row.module, self._bind(row))

    def take(self, changes: Mapping[str, bytes]) -> None:
        """Take over the state of the other process."""
        self._problems.clear()
        for name, content in changes.items():
            self._contents[name] = content
            self._values.pop(name, None)
            row = self._rows[name]
            if _is_loaded(row):
                self._write(row)

    def begin(self) -> None:
        """Remember the current state."""
        for row in self._rows.values():
            self._remember(row)

    def find_changed(self) -> tuple[str, ...]:
        """Return the parts that have changed since `begin`."""
        return tuple(name for name, row in self._rows.items() if self._has_changed(row))

    def describe_problems(self) -> tuple[str, ...]:
        """Return the parts that could not be taken over, and why."""
        return tuple(f"{name} ({what})" for name, what in self._problems.items())

    def _bind(self, row: Row) -> Callable[[], None]:
        def take_late() -> None:
            has_changed = self._has_changed(row)
            self._write(row)
            if not has_changed:
                self._remember(row)

        return take_late

    @contextlib.contextmanager
    def _importing(self) -> Iterator[None]:
        """Ignore changes that an import makes by itself.

        The state of libraries is left out, because comparing it takes long.
        """
        unchanged = [
            row
            for row in self._rows.values()
            if row.name in self._before
            and not row.module
            and not self._has_changed(row)
        ]
        try:
            yield
        finally:
            for row in unchanged:
                self._remember(row)

    def _has_changed(self, row: Row) -> bool:
        if row.name not in self._before or not _is_loaded(row):
            return False
        before, now = self._before[row.name], _read(row)
        if before is _NOTHING or now is _NOTHING:
            return False
        try:
            return bool(row.differs(before, now))
        except Exception:  # noqa: BLE001 - from the user's own objects
            return before is not now

    def _remember(self, row: Row) -> None:
        if _is_loaded(row):
            self._before[row.name] = _read(row)

    def _write(self, row: Row) -> None:
        content = self._contents.get(row.name)
        if content is None or row.write is None:
            return
        try:
            if row.name not in self._values:
                # Only once its module is loaded, which the value may refer to.
                self._values[row.name] = pickle.loads(content)  # noqa: S301 - ours
            value = self._values[row.name]
            late = row.write(value)
            for module in late if type(late) is list else ():
                if (row.name, module) not in self._awaited:
                    self._awaited.add((row.name, module))
                    self._watch.when_loaded(module, self._bind(row))
        except Exception as error:  # noqa: BLE001 - of the user's own code
            self._problems[row.name] = f"{type(error).__name__}: {error}"


def _is_loaded(row: Row) -> bool:
    return not row.module or row.module in sys.modules


def _dump(read: Callable[[], Any]) -> bytes:
    """Pickle a part of the state; if that fails, unpickling raises the reason."""
    file = io.BytesIO()
    namespace = vars(sys.modules["__main__"])
    try:
        Pickler(file, lambda _: True, namespace, left_out=None).dump(read())
    except Exception as error:  # noqa: BLE001 - of the user's own code
        return pickle.dumps(_Unsent(str(error)))
    return file.getvalue()


class _Unsent:
    """Replaces a value that could not be pickled."""

    def __init__(self, reason: str) -> None:
        self._reason = reason

    def __reduce__(self) -> tuple[Any, ...]:
        return _raise_unsent, (self._reason,)


def _raise_unsent(reason: str) -> None:
    raise ValueError(reason)


def _read(row: Row) -> Any:
    try:
        return row.read()
    except Exception:  # noqa: BLE001 - a library may be half imported
        return _NOTHING
