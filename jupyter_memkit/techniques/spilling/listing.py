"""Lists what was spilled."""

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
    """A variable whose memory is a file.

    Attributes
    ----------
    name : str or None
        Its name; None for a file that only something without a name uses.
    type : str
        The name of its type, with the dtype of an array.
    shape : tuple of int or None
        Its length in each dimension.
    path : Path
        The file.
    file_bytes : int
        How large the file is; variables that share memory share the file.
    resident_bytes : int or None
        How much of the file the process has in memory now, which the system takes
        back when it needs it; None where it does not tell.
    """

    name: str | None
    type: str
    shape: tuple[int, ...] | None
    path: Path
    file_bytes: int
    resident_bytes: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class SpilledVariables(Record):
    """What is on disk.

    Attributes
    ----------
    variables : tuple of SpilledVariable
        In the order of their files.
    file_bytes : int
        How large the files are together.
    removed_bytes : int
        What killed processes had left on the disk, and is gone now.
    """

    variables: tuple[SpilledVariable, ...]
    file_bytes: int
    removed_bytes: int


def list_spilled(namespace: Mapping[str, Any]) -> SpilledVariables:
    """List the variables that lie in files, and remove what others have left.

    Parameters
    ----------
    namespace : mapping of str to object
        Where the variables are.

    Returns
    -------
    SpilledVariables
        With a line for each variable, or for a file without one.

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
