"""Saves where a run stands, so that it can go on after the process was killed."""

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

_FORMAT = 1

# No more of the time than this is spent on saving.
_SHARE = 0.05
_AT_MOST_EVERY_S = 0.2


@dataclass(slots=True, kw_only=True)
class Progress:
    """Where a run stands after a chunk.

    Attributes
    ----------
    end : object
        The `Piece.end` of the last chunk.
    chunks, rows : int
        Those that are done.
    number, first_row : int
        The next chunk, and its first row.
    skipped : tuple
        The chunks that were left out.
    types : dict of str to str
        The types of columns that were found on the way.
    sink : object
        What the sink holds.
    """

    end: Any
    chunks: int
    rows: int
    number: int
    first_row: int
    skipped: tuple[Any, ...]
    types: dict[str, str]
    sink: Any


class Checkpoint:
    """A file that holds the progress of a run.

    Parameters
    ----------
    path : path-like
        The file.
    identity : mapping of str to str
        What the run stands for, by the name that a person knows it by.
    """

    def __init__(
        self, path: str | os.PathLike[str], identity: Mapping[str, Any]
    ) -> None:
        self._path = expand_home(path)
        self._identity = {name: _digest(value) for name, value in identity.items()}
        self._due_s = 0.0

    def load(self) -> Progress | None:
        """Return the progress that was saved; None where there is no file.

        Raises
        ------
        MemkitError
            When the file is of another run, or no checkpoint.
        """
        try:
            content = self._path.read_bytes()
        except FileNotFoundError:
            return None
        except OSError as error:
            message = f"{self._path} cannot be read ({error}); give another file"
            raise MemkitError(message) from error
        try:
            saved = pickle.loads(content)  # noqa: S301 - the user's own file
            identity, progress = saved["identity"], saved["progress"]
            known = saved["format"] == _FORMAT
        except Exception as error:
            message = f"{self._path} holds no progress of a run; give another file"
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
                f"begin anew, or undo the change to go on at row {progress.first_row:,}"
            )
            raise MemkitError(message)
        return progress  # type: ignore[no-any-return] # what pickle gave

    def is_due(self) -> bool:
        """Tell whether enough was done since the last time."""
        return time.monotonic() >= self._due_s

    def save(self, progress: Progress) -> None:
        """Write the file anew, or leave the one that there is.

        Raises
        ------
        MemkitError
            When the results cannot be pickled, or the file not written.
        """
        began_s = time.monotonic()
        aside = self._path.with_name(f".{self._path.name}.{os.getpid()}")
        content = {"format": _FORMAT, "identity": self._identity, "progress": progress}
        try:
            with aside.open("wb") as file:
                pickle.dump(content, file, protocol=5)
                file.flush()
                os.fsync(file.fileno())
            aside.replace(self._path)
        except OSError as error:
            aside.unlink(missing_ok=True)
            message = (
                f"the progress cannot be saved to {self._path} ({error.strerror}); "
                "free space, or give another file"
            )
            raise MemkitError(message) from error
        except Exception as error:
            aside.unlink(missing_ok=True)
            message = (
                f"the results so far cannot be saved ({error}); "
                "leave --resume out, or end the cell with plain data"
            )
            raise MemkitError(message) from error
        took_s = time.monotonic() - began_s
        self._due_s = time.monotonic() + max(took_s / _SHARE, _AT_MOST_EVERY_S)

    def remove(self) -> None:
        """Delete the file: the run is over."""
        self._path.unlink(missing_ok=True)


def _digest(value: Any) -> str:
    return hashlib.sha256(repr(value).encode()).hexdigest()
