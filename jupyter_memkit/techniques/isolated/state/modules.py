"""Changes that the user made to modules after they were imported.

Another process imports a module from its file. So the data of the user's own modules
are sent along, as are functions and classes of the notebook that were assigned in any
module. A file that has changed since it was imported here is reported.
"""

from __future__ import annotations

import os
import sys
import zlib
from collections.abc import Iterator
from importlib.machinery import SourceFileLoader
from types import CodeType, FunctionType
from typing import Any

from jupyter_memkit.measure.sizes.loaded import read_namespace
from jupyter_memkit.techniques.isolated.state.row import Row

_OURS = "jupyter_memkit"
_PLAIN = frozenset(map(id, (bool, bytes, complex, float, int, str, type(None))))
_CONTAINERS = frozenset(map(id, (dict, frozenset, list, set, tuple)))

_read_module = vars(type)["__module__"].__get__

# Larger data are not settings, and are not sent.
_MOST_PARTS = 10_000

# The records that were taken over from the other process.
_taken: dict[str, Any] = {}
_of_other_code: set[str] = set()


def _find_folders() -> tuple[str, ...]:
    """Return the folders of modules that are not the user's own."""
    # sysconfig takes too long to load.
    folders = [os.path.dirname(os.__file__)]  # noqa: PTH120 - compared as text
    folders += [each for each in sys.path if each.endswith(("-packages", ".zip"))]
    return tuple(os.path.join(each, "") for each in folders)  # noqa: PTH118 - as above


def _read() -> dict[str, Any]:
    folders = _find_folders()
    records = {}
    for name, module in sys.modules.copy().items():
        namespace = read_namespace(module)
        if namespace is None or name in ("__main__", "__mp_main__", "builtins"):
            continue
        if name.partition(".")[0] == _OURS:
            continue
        # One expression, because it visits every name of every module at each call.
        functions = {
            each: value
            for each, value in namespace.copy().items()
            if (
                value.__module__ == "__main__"
                if type(value) is FunctionType
                else issubclass(type(value), type) and _read_module(value) == "__main__"
            )
        }
        file = namespace.get("__file__")
        is_own = type(file) is str and not file.startswith(folders)
        data = dict(_find_data(namespace)) if is_own else {}
        # Another loader may produce different code in each process.
        is_plain = type(namespace.get("__loader__")) is SourceFileLoader
        code = _sum_code(name, namespace) if is_own and is_plain else 0
        if is_own or functions:
            records[name] = (data, functions, code)
    return records


def _find_data(namespace: dict[str, Any]) -> Iterator[tuple[str, Any]]:
    for name, value in namespace.copy().items():
        if name[:2] != "__" and _is_plain(value):
            yield name, value


def _is_plain(value: Any) -> bool:
    """Return whether a value consists of plain data only, and is not too large."""
    waiting, left = [value], _MOST_PARTS
    while waiting:
        each = waiting.pop()
        kind = type(each)
        if id(kind) in _PLAIN:
            continue
        if id(kind) not in _CONTAINERS:
            return False
        left -= len(each) + 1
        # This also ends the search in a container that contains itself.
        if left < 0:
            return False
        waiting += each
        if kind is dict:
            waiting += each.values()
    return True


def _sum_code(module: str, namespace: dict[str, Any]) -> int:
    """Return a fingerprint of the functions that a module defines."""
    total = 0
    for name, value in sorted(namespace.copy().items()):
        parts = {name: value}
        if isinstance(value, type) and value.__module__ == module:
            parts = {f"{name}.{each}": part for each, part in vars(value).items()}
        for each, part in sorted(parts.items()):
            if type(part) is FunctionType and part.__module__ == module:
                total ^= zlib.crc32(each.encode(), _sum_one(part.__code__))
    return total


def _sum_one(code: CodeType) -> int:
    constants = [
        _sum_one(each) if isinstance(each, CodeType) else repr(each)
        for each in code.co_consts
        # Their order differs between processes.
        if not isinstance(each, frozenset)
    ]
    return zlib.crc32(repr((code.co_code, code.co_names, constants)).encode())


def _write(records: dict[str, Any]) -> list[str]:
    """Apply the records to loaded modules, and return those that are not loaded."""
    for name, record in records.items():
        namespace = read_namespace(sys.modules.get(name))
        if namespace is None or _taken.get(name) == record:
            continue
        data, functions, code = _taken[name] = record
        for each, value in {**data, **functions}.items():
            if each not in namespace or not _fill(namespace[each], value):
                namespace[each] = value
        if code and not functions and _sum_code(name, namespace) != code:
            _of_other_code.add(name)
    return [name for name in records if name not in sys.modules]


def take_changed_files() -> tuple[str, ...]:
    """Return the modules whose files changed since the other process imported them."""
    changed = tuple(
        f"{name} (its file has changed since the import)"
        for name in sorted(_of_other_code)
    )
    _of_other_code.clear()
    return changed


def _fill(old: Any, new: Any) -> bool:
    """Replace the content of a container in place; return whether that is possible."""
    if type(old) is not type(new) or type(old) not in (dict, list, set):
        return False
    if type(old) is list:
        old[:] = new
    else:
        old.clear()
        old.update(new)
    return True


def _differ(before: dict[str, Any], now: dict[str, Any]) -> bool:
    """Return whether modules that were loaded before have changed."""
    return any(name in now and now[name] != record for name, record in before.items())


ROWS = (Row("modules", _read, _write, differs=_differ),)
