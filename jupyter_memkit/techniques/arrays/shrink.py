"""Shrinks arrays and frames to the smallest dtypes that keep every value."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from typing import Any, Literal

from jupyter_memkit.errors import MemkitError
from jupyter_memkit.measure.sizes import sizeof
from jupyter_memkit.measure.sizes.loaded import derives_from
from jupyter_memkit.techniques.arrays.leaves import is_mapping, is_sequence
from jupyter_memkit.techniques.arrays.numpy_arrays import check_array, shrink_array
from jupyter_memkit.techniques.arrays.pandas_columns import examine_column
from jupyter_memkit.techniques.arrays.pandas_frames import FrameShrinker, check_frame
from jupyter_memkit.techniques.arrays.policy import Policy
from jupyter_memkit.techniques.arrays.records import Part
from jupyter_memkit.techniques.arrays.type_names import name_plain
from jupyter_memkit.techniques.progress import Progress, count_up

Restore = Callable[[Any], Any]
Allowed = Callable[[], AbstractContextManager[Any]]
Kind = Literal["array", "frame", "series", "polars", "arrow"]


@dataclass(frozen=True, slots=True, kw_only=True)
class ShrunkValue:
    """The result of shrinking a value.

    Attributes
    ----------
    value : object
        The smaller value, or the original object.
    parts : tuple of Part
        Its columns.
    restore : callable or None
        Restores the original from the smaller one; None if that is not possible.
    """

    value: Any
    parts: tuple[Part, ...]
    restore: Restore | None = None


def shrink(
    value: Any,
    *,
    float32: bool = False,
    categories: bool = True,
    progress: Progress | None = None,
) -> Any:
    """Return an array or frame with the same values in the smallest dtypes.

    Every value is kept, floats bit for bit. Integers become smaller integers whose sums
    do not overflow (in polars, of at most 16 bits), floats float32 if that holds all of
    them, object columns the type of their values, strings categories or Arrow strings
    if that is smaller. Index, labels and attrs are kept.

    Parameters
    ----------
    value : numpy.ndarray, pandas or polars DataFrame or Series, or pyarrow.Table
        It is not changed.
    float32 : bool
        Whether float64 is rounded to float32, the only lossy conversion.
    categories : bool
        Whether strings may become categories.
    progress : callable, optional
        Called with the number of values processed so far.

    Returns
    -------
    object
        The result, of the same type; the value itself if nothing is smaller.

    Raises
    ------
    MemkitError
        If it is not an array or a frame, or is a subclass or a mapped file.

    Examples
    --------
    >>> import numpy as np
    >>> shrink(np.arange(100)).dtype
    dtype('int8')
    """
    policy = Policy(float32=float32, categories=categories)
    find_kind(value)
    return shrink_taken(lambda: value, policy, count_up(progress)).value


def is_shrinkable(kind: type) -> bool:
    """Return whether `shrink` supports a type."""
    return any(derives_from(kind, module, name) for module, name, _ in _KINDS)


def find_kind(value: Any) -> Kind:
    """Return the kind of a value, which determines the rules.

    Raises
    ------
    MemkitError
        If it is not supported; the message contains the remedy.
    """
    for module, name, kind in _KINDS:
        if derives_from(type(value), module, name):
            if kind == "array":
                check_array(value)
            elif kind in ("frame", "series"):
                check_frame(value)
            return kind
    remedy = (
        "convert it to an array with %to_numpy"
        if is_sequence(value) or is_mapping(value)
        else "%shrink supports numpy arrays and frames of pandas, polars and Arrow"
    )
    message = f"it has the type {name_plain(type(value))}; {remedy}"
    raise MemkitError(message)


_KINDS: tuple[tuple[str, str, Kind], ...] = (
    ("numpy", "ndarray", "array"),
    ("pandas", "DataFrame", "frame"),
    ("pandas", "Series", "series"),
    ("polars", "DataFrame", "polars"),
    ("polars", "Series", "polars"),
    ("pyarrow", "Table", "arrow"),
)


def shrink_taken(
    take: Callable[[], Any],
    policy: Policy,
    progress: Progress | None = None,
    give_back: Callable[[Any], None] | None = None,
    allowed: Allowed = nullcontext,
) -> ShrunkValue:
    """Shrink a value that is removed from its variable.

    Parameters
    ----------
    take : callable
        Returns the value and drops its own reference.
    policy : Policy
        What may be done.
    progress : callable, optional
        Called with the number of values processed since the last call.
    give_back : callable, optional
        Receives the original value if shrinking fails.
    allowed : callable, optional
        Returns a context in which Ctrl-C is allowed.

    Returns
    -------
    ShrunkValue The result.
    """
    value = take()
    kind = find_kind(value)
    if kind == "frame":
        box = [value]
        del value
        return _shrink_frame(box, policy, progress, give_back, allowed)
    try:
        with allowed():
            if kind == "array":
                return _shrink_array(value, policy, progress)
            if kind == "series":
                change, part = examine_column(value, policy, progress)
                return ShrunkValue(
                    value=change.result, parts=(part,), restore=change.restore
                )
            return _shrink_other(value, kind, policy, progress)
    except BaseException:
        if give_back is not None:
            give_back(value)
        raise


def _shrink_frame(
    box: list[Any],
    policy: Policy,
    progress: Progress | None,
    give_back: Callable[[Any], None] | None,
    allowed: Allowed,
) -> ShrunkValue:
    # The box holds the last reference to the frame, if nothing else does.
    shrinker = FrameShrinker(box.pop, policy, progress, allowed)
    try:
        smaller = shrinker.shrink()
    except BaseException:
        if give_back is not None:
            give_back(shrinker.restore())
        raise
    return ShrunkValue(
        value=smaller,
        parts=tuple(shrinker.parts),
        restore=_restore_columns(shrinker.restores),
    )


def _restore_columns(restores: dict[int, Restore | None]) -> Restore | None:
    if None in restores.values():
        return None

    def restore(frame: Any) -> Any:
        before = frame.copy(deep=False)
        for number, each in restores.items():
            assert each is not None, "all are known, see above"
            before.isetitem(number, each(frame.iloc[:, number]))
        return before

    return restore


def _shrink_array(array: Any, policy: Policy, progress: Progress | None) -> ShrunkValue:
    before_bytes = sizeof(array).bytes
    change = shrink_array(array, policy, progress)
    after_bytes = before_bytes
    if change.result is not array:
        after_bytes = sizeof(change.result).bytes
    part = Part(
        label="",
        before_dtype=str(array.dtype),
        after_dtype=str(change.result.dtype),
        before_bytes=before_bytes,
        after_bytes=after_bytes,
        note=change.note,
    )
    return ShrunkValue(value=change.result, parts=(part,), restore=change.restore)


def _shrink_other(
    value: Any, kind: Kind, policy: Policy, progress: Progress | None
) -> ShrunkValue:
    """Shrink a value of polars or Arrow, which are imported only for their values."""
    if kind == "polars":
        from jupyter_memkit.techniques.arrays.polars_frames import (  # noqa: PLC0415
            restore_polars,
            shrink_polars,
        )

        smaller, parts = shrink_polars(value, policy, progress)
        return ShrunkValue(value=smaller, parts=parts, restore=restore_polars(value))
    from jupyter_memkit.techniques.arrays.arrow_tables import (  # noqa: PLC0415
        shrink_table,
    )

    smaller, parts = shrink_table(value, policy, progress)
    schema = value.schema
    return ShrunkValue(
        value=smaller, parts=parts, restore=lambda table: table.cast(schema)
    )
