"""Pickles views so that they are still views of their objects after both are sent.

cloudpickle copies the objects.
"""

from __future__ import annotations

import gc
import pickle
from collections import OrderedDict
from types import CellType, MappingProxyType
from typing import Any

_DICT_VIEWS = {
    id(type(getattr(kind(), name)())): name
    for kind in (dict, OrderedDict)
    for name in ("keys", "values", "items")
}


def is_view(kind: type) -> bool:
    """Return whether the objects of a type are views."""
    return kind in (memoryview, CellType, MappingProxyType) or id(kind) in _DICT_VIEWS


def reduce_view(obj: Any) -> tuple[Any, ...] | None:
    """Return how to pickle a view; None for an object that is not one.

    Raises
    ------
    pickle.PicklingError
        If the view cannot be recreated.
    """
    kind = type(obj)
    if kind is memoryview:
        return _reduce_memory(obj)
    if kind is CellType:
        return _reduce_cell(obj)
    if id(kind) in _DICT_VIEWS:
        (owner,) = gc.get_referents(obj)
        return _load_dict_view, (owner, _DICT_VIEWS[id(kind)])
    if kind is MappingProxyType:
        return MappingProxyType, tuple(gc.get_referents(obj))
    return None


def _reduce_memory(view: memoryview) -> tuple[Any, ...]:
    whole = memoryview(view.obj)
    form = (view.nbytes, view.format, view.shape, view.strides)
    if form != (whole.nbytes, whole.format, whole.shape, whole.strides):
        message = "a memoryview of a part of an object cannot be recreated there"
        raise pickle.PicklingError(message)
    return _load_memory, (view.obj, view.readonly)


def _load_memory(owner: Any, is_readonly: bool) -> memoryview:  # noqa: FBT001 - pickled
    view = memoryview(owner)
    return view.toreadonly() if is_readonly else view


def _load_dict_view(owner: Any, name: str) -> Any:
    return getattr(owner, name)()


def _reduce_cell(cell: CellType) -> tuple[Any, ...]:
    """Return how to pickle a closure's variable, which may hold the function itself."""
    try:
        content = cell.cell_contents
    except ValueError:
        return CellType, ()
    # In a tuple, because None means "no state" to pickle.
    return CellType, (), (content,), None, None, _fill_cell


def _fill_cell(cell: CellType, state: tuple[Any]) -> None:
    (cell.cell_contents,) = state
