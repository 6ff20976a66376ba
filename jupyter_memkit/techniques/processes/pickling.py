"""Pickles objects for another process.

Functions of the notebook refer to the variables of the process that loads them, so a
returned function reads the kernel's variables and brings none with it. A class that the
other process already has is found there rather than sent again.
"""

from __future__ import annotations

import importlib
import io
import pickle
import sys
from collections.abc import Callable, Iterable, Mapping
from collections.abc import Set as AbstractSet
from typing import Any

import cloudpickle

from jupyter_memkit.techniques.processes.outside import (
    describe_outside,
    find_stream,
    is_ordinary,
)
from jupyter_memkit.techniques.processes.sharing import Sharing
from jupyter_memkit.techniques.processes.tensors import is_tensor, reduce_tensor
from jupyter_memkit.techniques.processes.views import is_view, reduce_view
from jupyter_memkit.techniques.processes.wrapped import (
    reduce_cached,
    reduce_descriptor,
    reduce_dispatched,
)

# Buffers may be larger than their content by this factor.
_SLACK = 2
# The size of polars' reference to a string.
_PLACE_BYTES = 16

# Their objects belong to the process that created them: a figure that is loaded in
# another process would be displayed again there.
_AT_HOME = frozenset({"matplotlib", "seaborn", "mpl_toolkits"})

_read_module = vars(type)["__module__"].__get__
_read_name = vars(type)["__name__"].__get__
_read_qualname = vars(type)["__qualname__"].__get__

# cloudpickle's records of the classes that it has sent or received.
_class_ids = cloudpickle.cloudpickle._DYNAMIC_CLASS_TRACKER_BY_CLASS  # noqa: SLF001
_classes = cloudpickle.cloudpickle._DYNAMIC_CLASS_TRACKER_BY_ID  # noqa: SLF001


class Pickler(cloudpickle.Pickler):  # type: ignore[misc] # it is not typed
    """An extended pickler of cloudpickle.

    Functions that use the variables of a namespace use those of the other process
    there. Frames of polars are sent as their buffers, arrays that share memory still
    share it, and resources of this process, such as open files, are refused.

    Parameters
    ----------
    file : object
        An object with a ``write`` method that takes bytes.
    take_buffer : callable
        Called with a ``pickle.PickleBuffer``; returns True to keep it in the pickle.
    namespace : mapping, optional
        The namespace; in the other process, its ``__main__`` takes its place.
    left_out : set of str or None
        Its variables that are not sent with functions that read them; None for all.
    known : set of str
        The ids of the classes that the other process has, from `list_classes`.
    keeps_home : bool
        Whether to refuse objects that are only meaningful in this process, such as
        figures.
    reports_caches : bool
        Whether the other process learns which functions had something in their caches.
    ends : set of int, optional
        As in `iterate_parts`, for a pickler that is one of many.
    """

    def __init__(
        self,
        file: Any,
        take_buffer: Callable[[pickle.PickleBuffer], bool],
        namespace: Mapping[str, Any] | None = None,
        *,
        left_out: AbstractSet[str] | None = frozenset(),
        known: AbstractSet[str] = frozenset(),
        keeps_home: bool = False,
        reports_caches: bool = False,
        ends: AbstractSet[int] | None = None,
    ) -> None:
        super().__init__(file, protocol=5, buffer_callback=take_buffer)
        self._keeps_home = keeps_home
        self._reports_caches = reports_caches
        self._namespace = namespace
        self._left_out = left_out
        self._known = known
        self._sharing: Sharing | None = None
        self._ends = ends
        # The types whose objects need no special treatment.
        self._ordinary: dict[int, type] = {}
        if namespace is not None:
            self.globals_ref[id(namespace)] = _Namespace()

    def dump(self, obj: Any) -> None:
        """Pickle an object."""
        self._sharing = self.plan_sharing(obj)
        super().dump(obj)

    def plan_sharing(self, obj: Any) -> Sharing:
        """Return what is shared within an object."""
        return Sharing(obj, self._ends)

    def reducer_override(self, obj: Any) -> Any:
        """Return how to pickle an object whose type is not built in."""
        kind = type(obj)
        if id(kind) not in self._ordinary:
            reduced = self._reduce_special(obj)
            if reduced is not None:
                return reduced
            if is_ordinary(kind) and not is_view(kind) and not is_tensor(kind):
                self._ordinary[id(kind)] = kind
        if self._known and issubclass(type(obj), type):
            class_id = _class_ids.get(obj)
            if class_id in self._known:
                return _find_class, (class_id,)
        root = str(type(obj).__module__).partition(".")[0]
        if self._keeps_home and root in _AT_HOME:
            message = f"{type(obj).__name__} belongs to the process that created it"
            raise pickle.PicklingError(message)
        if root == "polars" and type(obj).__name__ == "DataFrame":
            reduced = _reduce_polars(obj)
            if reduced is not None:
                return reduced
        cached = reduce_cached(obj, reports=self._reports_caches)
        reduced = cached or reduce_descriptor(obj) or super().reducer_override(obj)
        if issubclass(type(obj), type) and type(reduced) is tuple and reduced[2:]:
            _drop_caches(reduced[2][0])
            _keep_qualname(obj, reduced[2][0])
        return reduced

    def _reduce_special(self, obj: Any) -> tuple[Any, ...] | None:
        """Return how to pickle a stream, view, array or tensor; None for others."""
        stream = find_stream(obj)
        if stream:
            return getattr, (sys, stream)
        outside = describe_outside(obj)
        if outside:
            raise pickle.PicklingError(outside)
        assert self._sharing is not None
        return reduce_view(obj) or reduce_tensor(obj) or self._sharing.reduce(obj)

    def _dynamic_function_reduce(self, func: Any) -> Any:
        """Return how to pickle a function by its code, as cloudpickle does."""
        dispatched = reduce_dispatched(func)
        if dispatched is not None:
            return dispatched
        make, made_of, state, *others = super()._dynamic_function_reduce(func)
        if func.__closure__ is not None:
            # Functions that share a variable of an enclosing function still share it.
            made_of = (*made_of[:-1], func.__closure__)
            state[1]["__closure__"] = None
        if func.__globals__ is self._namespace:
            variables = state[1]["__globals__"]
            left_out = self._left_out
            for name in list(variables):
                if left_out is not None and name not in left_out:
                    continue
                del variables[name]
        return make, made_of, state, *others


def _drop_caches(attributes: dict[str, Any]) -> None:
    """Remove what the mere use of a class adds to it, which is not a change."""
    # `copyreg` stores these when an object is pickled.
    attributes.pop("__slotnames__", None)
    # Before Python 3.14, reading them creates them.
    annotations = attributes.get("__annotations__")
    if type(annotations) is dict and not annotations:
        del attributes["__annotations__"]


def _keep_qualname(kind: type, attributes: dict[str, Any]) -> None:
    """Add the full name of a nested class, which is created with its short name."""
    if _read_qualname(kind) != _read_name(kind):
        attributes["__qualname__"] = _read_qualname(kind)


class _Namespace(dict[str, Any]):
    """Becomes the variables of the process that loads it."""

    def __reduce__(self) -> tuple[Any, ...]:
        return _find_namespace, ()


def _find_namespace() -> dict[str, Any]:
    return vars(sys.modules["__main__"])


def _reduce_polars(frame: Any) -> tuple[Any, ...] | None:
    """Return how to pickle a frame as its buffers; polars copies them into one string.

    Returns None without pyarrow, for a type that Arrow does not have, and for a slice
    of a large frame, whose buffers are those of the large frame.
    """
    polars = sys.modules["polars"]
    try:
        table = frame.to_arrow(compat_level=polars.CompatLevel.newest())
        is_same = polars.from_arrow(table.slice(0, 0)).schema == frame.schema
        is_whole = table.get_total_buffer_size() <= _SLACK * _least_bytes(frame)
    except Exception:  # noqa: BLE001 - the two may have any versions
        return None
    return (_load_polars, (table,)) if is_same and is_whole else None


def _least_bytes(frame: Any) -> int:
    """Return the smallest possible size of the buffers of a frame."""
    # polars' estimate counts the characters of strings, but not the references to them.
    return int(frame.estimated_size() + len(frame) * frame.width * _PLACE_BYTES)


def _load_polars(table: Any) -> Any:
    return importlib.import_module("polars").from_arrow(table)


def list_classes() -> frozenset[str]:
    """Return the ids of all classes that were sent or received."""
    return frozenset(_classes.keys())


def find_ids(classes: Iterable[type]) -> frozenset[str]:
    """Return the ids of those classes that were sent or received."""
    return frozenset(_class_ids[each] for each in classes if each in _class_ids)


def find_received(name: str) -> type | None:
    """Return the class of the notebook with a name that was sent or received last."""
    return next(
        (
            each
            for each in reversed([*_class_ids.keys()])
            if (_read_module(each), _read_name(each)) == ("__main__", name)
        ),
        None,
    )


def _find_class(class_id: str) -> type:
    kind: type = _classes[class_id]
    return kind


def find_hindrance(
    value: Any, *, keeps_home: bool = False, brings: bool = True
) -> Exception | None:
    """Return why an object cannot be sent; None if it can.

    Parameters
    ----------
    value : object
        The object.
    keeps_home : bool
        As in `Pickler`.
    brings : bool
        Whether the variables that functions read are sent with them.

    Examples
    --------
    >>> find_hindrance([1, 2])
    >>> find_hindrance(iter(range(3)).__next__) is None
    True
    >>> type(find_hindrance(item for item in [1]))
    <class 'TypeError'>
    """
    namespace = vars(sys.modules["__main__"])
    try:
        pickler = Pickler(
            _Nowhere(),
            lambda _: False,
            namespace,
            left_out=frozenset() if brings else None,
            keeps_home=keeps_home,
        )
        pickler.dump(value)
    except Exception as error:  # noqa: BLE001 - a value's own code may raise anything
        return error
    return None


class _Nowhere(io.RawIOBase):
    """A file that discards what is written."""

    def write(self, data: Any) -> int:
        return len(data)
