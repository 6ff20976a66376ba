"""Objects that show another one, and stay one with it when both are sent.

cloudpickle makes copies of what they show.
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
    """Return whether objects of a kind show others."""
    return kind in (memoryview, CellType, MappingProxyType) or id(kind) in _DICT_VIEWS


def reduce_view(obj: Any) -> tuple[Any, ...] | None:
    """Return how a view is pickled by what it shows; None for what is no view.

    Raises
    ------
    pickle.PicklingError
        For a view that cannot be made again.
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
        message = "a memoryview of a part of an object cannot be made again there"
        raise pickle.PicklingError(message)
    return _load_memory, (view.obj, view.readonly)


def _load_memory(owner: Any, is_readonly: bool) -> memoryview:  # noqa: FBT001 - pickled
    view = memoryview(owner)
    return view.toreadonly() if is_readonly else view


def _load_dict_view(owner: Any, name: str) -> Any:
    return getattr(owner, name)()


def _reduce_cell(cell: CellType) -> tuple[Any, ...]:
    """Return a variable of a function around others, which may be one of those."""
    try:
        content = cell.cell_contents
    except ValueError:
        return CellType, ()
    # In a tuple: None as the state would be taken for none.
    return CellType, (), (content,), None, None, _fill_cell


def _fill_cell(cell: CellType, state: tuple[Any]) -> None:
    (cell.cell_contents,) = state
