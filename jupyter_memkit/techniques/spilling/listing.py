"""Lists the spilled variables."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from jupyter_memkit.measure.shapes import read_shape, read_type
from jupyter_memkit.records import Record
from jupyter_memkit.techniques.spilling.files import (
    find_file,
    list_files,
    read_resident,
)
from jupyter_memkit.techniques.spilling.folders import remove_left
from jupyter_memkit.techniques.spilling.kinds import arrays_of


@dataclass(frozen=True, slots=True, kw_only=True)
class SpilledVariable(Record):
    """A variable whose memory is a mapped file.

    Attributes
    ----------
    name : str or None
        Its name; None for a file that no variable uses.
    type : str
        The name of its type, with the dtype of an array.
    shape : tuple of int or None
        Its shape.
    path : Path
        The file.
    file_bytes : int
        The size of the file; variables that share memory share the file.
    resident_bytes : int or None
        The part of the file that is currently in memory, which the system reclaims when
        it needs it; None if it does not report it.
    """

    name: str | None
    type: str
    shape: tuple[int, ...] | None
    path: Path
    file_bytes: int
    resident_bytes: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class SpilledVariables(Record):
    """The variables on disk.

    Attributes
    ----------
    variables : tuple of SpilledVariable
        The variables, in the order of their files.
    file_bytes : int
        The total size of the files.
    removed_bytes : int
        The size of leftover files of killed processes, which were removed.
    """

    variables: tuple[SpilledVariable, ...]
    file_bytes: int
    removed_bytes: int


def list_spilled(namespace: Mapping[str, Any]) -> SpilledVariables:
    """List the variables that are on disk, and remove leftovers of killed processes.

    Parameters
    ----------
    namespace : mapping of str to object
        The namespace with the variables.

    Returns
    -------
    SpilledVariables
        A record for each variable, or for a file without one.

    Examples
    --------
    >>> list_spilled({}).file_bytes
    0
    """
    resident = read_resident()
    files = list_files()
    variables = []
    for file in files:
        named = {
            name: value
            for name, value in dict(namespace).items()
            if not name.startswith("_")
            and any(find_file(array) == file for array in arrays_of(value))
        }
        for name, value in named.items() or [(None, None)]:
            variables.append(
                SpilledVariable(
                    name=name,
                    type="" if name is None else read_type(value),
                    shape=read_shape(value),
                    path=file.path,
                    file_bytes=file.bytes,
                    resident_bytes=None if resident is None else resident[file.path],
                )
            )
    return SpilledVariables(
        variables=tuple(variables),
        file_bytes=sum(file.bytes for file in files),
        removed_bytes=remove_left(),
    )
