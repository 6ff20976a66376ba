"""Zarr arrays in a folder, as numpy arrays."""

from __future__ import annotations

import os
from collections.abc import Generator, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

from jupyter_memkit.errors import SourceError
from jupyter_memkit.techniques.chunked.libraries import import_library
from jupyter_memkit.techniques.chunked.sources.base import Piece, Request
from jupyter_memkit.techniques.chunked.sources.ranges import (
    check_options,
    choose_key,
    range_pieces,
)
from jupyter_memkit.techniques.chunked.sources.stored_array import choose_fields


@dataclass(frozen=True, slots=True, kw_only=True)
class ZarrSource:
    """An array in a Zarr folder, at its root or in its groups.

    Parameters
    ----------
    path : Path
        The folder.
    options : mapping
        ``key``, the name of the array, if there are several.
    """

    path: Path
    options: Mapping[str, Any] = field(default_factory=dict)
    backend: None = None

    @property
    def name(self) -> str:
        """The name of the folder, and of the array if the user chose one."""
        key = self.options.get("key")
        return self.path.name if key is None else f"{self.path.name}/{key}"

    @property
    def total_rows(self) -> int:
        """The length of the first axis."""
        return int(self._array().shape[0])

    @property
    def row_bytes(self) -> float:
        """The bytes of a row."""
        array = self._array()
        return float(array.nbytes / max(1, array.shape[0]))

    def columns(self) -> tuple[str, ...] | None:
        """Return the names of the fields of an array of records."""
        names: tuple[str, ...] | None = getattr(self._array().dtype, "names", None)
        return names

    def types(self, _backend: str | None) -> dict[str, str]:
        """Return no types: all rows have the same type."""
        return {}

    def fingerprint(self) -> Any:
        """Return the number of files, their size and the last modification time."""
        n_files, size, changed = 0, 0, 0
        for folder, _, names in os.walk(self.path):
            for name in names:
                state = Path(folder, name).stat()
                n_files += 1
                size += state.st_size
                changed = max(changed, state.st_mtime_ns)
        return {str(self.path): [n_files, size, changed, self.options.get("key")]}

    def pieces(self, request: Request) -> Generator[Piece, None, None]:
        """Read ranges of rows, of complete stored chunks if they fit."""
        array = self._array()
        # Single chunks can also be read from a shard of version 3.
        stored_rows = int(array.chunks[0])
        load = partial(self._read, request.columns or None)
        total = int(array.shape[0])
        del array
        yield from range_pieces(request, total, load, stored_rows=stored_rows)

    def _read(self, fields: tuple[str, ...] | None, start: int, stop: int) -> Any:
        array = self._array()
        with _explaining(self.name):
            return choose_fields(array[start:stop], fields)

    def _array(self) -> Any:
        check_options(self.name, self.options, "key")
        zarr = import_library("zarr", self.name)
        with _explaining(self.name):
            found = zarr.open(self.path, mode="r")
        key = self.options.get("key")
        if hasattr(found, "arrays"):
            arrays = dict(_list_arrays(found))
            found = arrays[choose_key(self.path.name, key, list(arrays), "array")]
        elif key is not None:
            message = (
                f"{self.path.name} is a single array without keys; leave out "
                "--read key=NAME"
            )
            raise SourceError(message)
        if not found.shape:
            message = f"{self.name} is a single value without rows; use an array"
            raise SourceError(message)
        return found


def _list_arrays(group: Any, prefix: str = "") -> Iterator[tuple[str, Any]]:
    """Yield the arrays in a group and its subgroups, by name."""
    for name, array in sorted(group.arrays()):
        yield f"{prefix}{name}", array
    for name, inner in sorted(group.groups()):
        yield from _list_arrays(inner, f"{prefix}{name}/")


@contextmanager
def _explaining(name: str) -> Iterator[None]:
    """Raise the errors of Zarr and its codecs for damaged data as one sentence."""
    try:
        yield
    except (OSError, RuntimeError, ValueError, KeyError) as error:
        message = f"{name} cannot be read as Zarr ({error}); write or download it again"
        raise SourceError(message) from error
