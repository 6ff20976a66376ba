"""Cells that load a model or an array, and hold it twice while they do.

A rule applies to a cell that called the function and whose peak was about twice what it
kept. Where the file is known, its size must be that of the copy, so a peak that comes
from something else in the cell is not taken for it.

The remedies map the file: its pages count as resident while they are used, but unlike
memory that the file was read into, the system can drop them at any time.
"""

from __future__ import annotations

import ast
import io
import math
import pathlib
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from importlib import metadata
from typing import Any

from jupyter_memkit.cells.calls import NamedCall, find_calls
from jupyter_memkit.hints.records import Hint
from jupyter_memkit.hints.scene import Scene
from jupyter_memkit.measure.sizes.identity import contains_identical
from jupyter_memkit.measure.sizes.loaded import (
    derives_from,
    find_loaded,
    read_namespace,
)
from jupyter_memkit.measure.sizes.registry import name_type
from jupyter_memkit.track.cells import CellRecord

# Smaller copies are not worth a hint.
_LEAST_BYTES = 32 * 1024 * 1024
# How far the copy may be from what was kept, and from the size of the file.
_LEAST_RATIO, _MOST_RATIO = 0.7, 1.3

_MAP_ARRAYS = 'mmap_mode="r"'
# The last version of transformers that reads whole files without its option.
_LAST_WITH_OPTION = 4


@dataclass(frozen=True, slots=True)
class _Load:
    """A call that holds what it loads twice.

    Attributes
    ----------
    call : NamedCall
        The call that names the file.
    what : str
        What the copy is.
    cure : str
        The call without the copy.
    """

    call: NamedCall
    what: str
    cure: str


def find(scene: Scene) -> Iterator[Hint]:
    """Yield a hint for each cell that held twice what it loaded."""
    for account in scene.accounts:
        copy_bytes = account.peak_bytes - account.after_bytes
        kept_bytes = account.after_bytes - account.before_bytes
        code = _read_code(account, scene.inputs)
        if copy_bytes < _LEAST_BYTES or not _is_about(copy_bytes, kept_bytes):
            continue
        calls = list(find_calls(code))
        for load in _find_loads(calls, scene.shell.user_ns):
            file_bytes = _read_file_bytes(load.call.argument, scene.shell.user_ns)
            if file_bytes is None or _is_about(copy_bytes, file_bytes):
                yield Hint(
                    kind="loading",
                    name=f"cell [{account.execution_count}]",
                    found=f"its peak was twice what it kept: {load.what}",
                    bytes=copy_bytes,
                    accuracy="at most",
                    cure=load.cure,
                )
                break


def _read_code(account: CellRecord, inputs: Sequence[str]) -> str:
    number = account.execution_count
    return inputs[number] if number is not None and 0 <= number < len(inputs) else ""


def _is_about(n_bytes: int, other_bytes: int) -> bool:
    return other_bytes * _LEAST_RATIO <= n_bytes <= other_bytes * _MOST_RATIO


def _find_loads(
    calls: Sequence[NamedCall], namespace: dict[str, Any]
) -> Iterator[_Load]:
    """Yield the calls in a cell for which there is a remedy."""
    filling = [call for call in calls if _fills_module(call, namespace)]
    for call in calls:
        if call.function[-1] == "from_pretrained":
            yield from _find_pretrained(call)
        function = _resolve(call.function, namespace)
        if function is None:
            continue
        if function is find_loaded("torch", "load"):
            is_mapped = "mmap" in call.keywords
            is_cured = is_mapped and all("assign" in each.keywords for each in filling)
            if filling and not is_cured:
                yield _Load(
                    call,
                    "the weights and the state that load_state_dict copies into them",
                    "load_state_dict(torch.load(path, mmap=True), assign=True)",
                )
        elif function is find_loaded("numpy", "load"):
            if "mmap_mode" not in call.keywords:
                yield _Load(
                    call,
                    "the array that numpy.load read and a copy of it",
                    f"numpy.load(path, {_MAP_ARRAYS})",
                )
        elif function is find_loaded("pickle", "loads"):
            yield _Load(
                call, "the bytes and the objects made of them", "pickle.load(file)"
            )
        elif _is_estimator(call, namespace):
            yield from _find_estimator(call, function)


def _fills_module(call: NamedCall, namespace: dict[str, Any]) -> bool:
    """Return whether a call loads a state into a module, and not an optimizer."""
    if call.function[-1] != "load_state_dict":
        return False
    owner = _resolve(call.function[:-1], namespace)
    return not derives_from(type(owner), "torch.optim.optimizer", "Optimizer")


def _find_pretrained(call: NamedCall) -> Iterator[_Load]:
    """Yield a call of transformers before version 5, which has dropped the option."""
    option = "low_cpu_mem_usage"
    if "transformers" not in sys.modules or option in call.keywords:
        return
    if _read_major() <= _LAST_WITH_OPTION:
        yield _Load(
            call,
            "the weights and the state that is copied into them",
            f"from_pretrained(name, {option}=True)",
        )


def _read_major() -> float:
    """Return the major version of transformers; infinite if it is unknown.

    A copy of its source that is on the path but not installed has no metadata.
    """
    try:
        # Not its `__version__`, which its lazy module finds by running code. It is
        # None, or from Python 3.14 on an error, if the metadata is broken.
        return int(str(metadata.version("transformers")).partition(".")[0])
    except (metadata.PackageNotFoundError, KeyError, ValueError):
        return math.inf


def _find_estimator(call: NamedCall, function: Any) -> Iterator[_Load]:
    """Yield a call that reads an estimator, whose trees copy the arrays they get."""
    what = "the estimator and the arrays that were copied into it"
    cure = f"joblib.load(path, {_MAP_ARRAYS})"
    if function is find_loaded("joblib", "load"):
        if "mmap_mode" not in call.keywords:
            yield _Load(call, what, cure)
    elif function is find_loaded("pickle", "load") and call.variable is not None:
        yield _Load(call, what, f"joblib.dump({call.variable}, path), then {cure}")


def _is_estimator(call: NamedCall, namespace: dict[str, Any]) -> bool:
    value = namespace.get(call.variable or "")
    return name_type(type(value)).startswith("sklearn.")


def _resolve(name: Sequence[str], namespace: dict[str, Any]) -> Any:
    """Return what a dotted name refers to, as far as it leads through modules."""
    found = namespace.get(name[0])
    for part in name[1:]:
        found = (read_namespace(found) or {}).get(part)
    return found


def _read_file_bytes(node: ast.expr | None, namespace: dict[str, Any]) -> int | None:
    """Return the size of the file that an argument names; None if it is unknown."""
    value: Any = None
    if isinstance(node, ast.Constant):
        value = node.value
    elif isinstance(node, ast.Name):
        value = namespace.get(node.id)
    if type(value) is io.BufferedReader:
        value = value.name
    if not contains_identical((str, type(pathlib.Path())), type(value)):
        return None
    try:
        return pathlib.Path(value).stat().st_size
    except (OSError, ValueError):
        return None
