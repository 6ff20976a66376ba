"""Saves the progress of a run, which can resume after the process was killed."""

from __future__ import annotations

import hashlib
import os
import pickle
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from jupyter_memkit.errors import MemkitError
from jupyter_memkit.paths import expand_home

_FORMAT = 3

# The most of the time that is spent on saving, and how often it is done at most.
_SHARE = 0.05
_AT_MOST_EVERY_S = 0.2


@dataclass(slots=True, kw_only=True)
class Progress:
    """The progress of a run after a chunk.

    Attributes
    ----------
    end : object
        The `Piece.end` of the last chunk.
    chunks, rows : int
        The chunks and rows that are done.
    number, first_row : int
        The number of the next chunk, and its first row.
    skipped : tuple
        The chunks that were left out.
    types : dict of str to str
        The types of columns that were found on the way.
    memory_bytes : int
        The budget, by which a resumed run cuts the same chunks.
    sink : object
        The saved state of the sink.
    """

    end: Any
    chunks: int
    rows: int
    number: int
    first_row: int
    skipped: tuple[Any, ...]
    types: dict[str, str]
    memory_bytes: int
    sink: Any


class Checkpoint:
    """A file that holds the progress of a run.

    Parameters
    ----------
    path : path-like
        The file.
    identity : mapping of str to str
        The properties that a resumed run must share, by their names in messages.
    """

    def __init__(
        self, path: str | os.PathLike[str], identity: Mapping[str, Any]
    ) -> None:
        self._path = expand_home(path)
        self._aside = self._path.with_name(f".{self._path.name}.part")
        self._identity = {name: _digest(value) for name, value in identity.items()}
        self._due_s = 0.0

    def load(self) -> Progress | None:
        """Return the saved progress; None if there is no file.

        Raises
        ------
        MemkitError
            If the file belongs to another run, or is not a checkpoint.
        """
        try:
            content = self._path.read_bytes()
        except FileNotFoundError:
            return None
        except OSError as error:
            message = (
                f"{self._path} cannot be read ({error}); use another file for --resume"
            )
            raise MemkitError(message) from error
        try:
            saved = pickle.loads(content)  # noqa: S301 - the user's own file
            identity, progress = saved["identity"], saved["progress"]
            known = saved["format"] == _FORMAT
        except Exception as error:
            message = (
                f"{self._path} does not contain the progress of a run; use another "
                "file for --resume"
            )
            raise MemkitError(message) from error
        changed = [
            name
            for name, value in self._identity.items()
            if identity.get(name) != value
        ]
        if changed or not known:
            what = " and ".join(changed) if known else "the version of jupyter_memkit"
            message = (
                f"{what} changed since {self._path.name} was saved; delete the file to "
                "start over, or undo the change to continue at row "
                f"{progress.first_row:,}"
            )
            raise MemkitError(message)
        return progress  # type: ignore[no-any-return] # pickle returned it

    def is_due(self) -> bool:
        """Return whether it is time to save again."""
        return time.monotonic() >= self._due_s

    def save(self, progress: Progress) -> None:
        """Replace the file; if that fails, the old one stays.

        Raises
        ------
        MemkitError
            If the results cannot be pickled, or the file cannot be written.
        """
        began_s = time.monotonic()
        content = {"format": _FORMAT, "identity": self._identity, "progress": progress}
        try:
            self._replace(content)
        except OSError as error:
            message = (
                f"the progress cannot be saved to {self._path} ({error.strerror}); "
                "free space, or use another file for --resume"
            )
            raise MemkitError(message) from error
        except Exception as error:
            message = (
                f"the results so far cannot be saved ({error}); "
                "leave out --resume, or end the cell with plain data"
            )
            raise MemkitError(message) from error
        took_s = time.monotonic() - began_s
        self._due_s = time.monotonic() + max(took_s / _SHARE, _AT_MOST_EVERY_S)

    def _replace(self, content: dict[str, Any]) -> None:
        """Replace the file completely, or not at all."""
        # What a save that was killed has left.
        self._aside.unlink(missing_ok=True)
        try:
            # An existing file could be a link that another user left there.
            with self._aside.open("xb") as file:
                pickle.dump(content, file, protocol=5)
                file.flush()
                os.fsync(file.fileno())
            self._aside.replace(self._path)
        finally:
            self._aside.unlink(missing_ok=True)

    def remove(self) -> None:
        """Delete the file: the run is over."""
        self._path.unlink(missing_ok=True)
        self._aside.unlink(missing_ok=True)


def _digest(value: Any) -> str:
    return hashlib.sha256(repr(value).encode()).hexdigest()
