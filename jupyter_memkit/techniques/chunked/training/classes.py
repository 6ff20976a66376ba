"""The classes of a classifier: given, known to the model, or found in the data."""

from __future__ import annotations

import dataclasses
import inspect
from typing import Any

from jupyter_memkit.errors import MemkitError
from jupyter_memkit.techniques.chunked.libraries import import_library
from jupyter_memkit.techniques.chunked.training.epochs import read_epoch
from jupyter_memkit.techniques.chunked.training.features import SplitTarget
from jupyter_memkit.techniques.chunked.training.order import BatchPlan
from jupyter_memkit.techniques.chunked.training.parts import Parts

_REMEDY = "give them, as classes=[False, True] or --classes False,True"


def takes_classes(model: Any) -> bool:
    """Return whether ``partial_fit`` of a model needs all classes at the start."""
    try:
        parameters = inspect.signature(model.partial_fit).parameters
    except (TypeError, ValueError):  # It is not written in Python.
        return False
    return "classes" in parameters


def find_classes(parts: Parts, split: SplitTarget) -> Any:
    """Return the sorted values of the target, from a pass over the data.

    Parameters
    ----------
    parts : Parts
        The source; only the column of the target is read, if it is one.
    split : SplitTarget
        Splits the rows.

    Raises
    ------
    MemkitError
        If the data can be read only once.
    """
    numpy = import_library("numpy", "classes")
    source, target = parts.source, split.target
    if not parts.is_rereadable:
        message = (
            f"{source.name} can be read only once, which leaves no first pass to find "
            f"the classes; {_REMEDY}"
        )
        raise MemkitError(message)
    effect = getattr(target, "effect", None)
    if effect is not None:
        message = (
            f"the cell may have an effect ({effect}), so it does not run once more to "
            f"find the classes; {_REMEDY}"
        )
        raise MemkitError(message)
    if isinstance(target, str) and source.columns() is not None:
        settings = dataclasses.replace(parts.settings, columns=(target,))
        parts = Parts(source, settings)
    plan = BatchPlan()
    found: Any = None
    for rows in read_epoch(parts, plan, 0):
        values = find_values(split(rows)[1], f"the target of {source.name}")
        found = values if found is None else numpy.union1d(found, values)
    return found


def find_values(values: Any, what: str) -> Any:
    """Return the sorted values of a target, or of the classes that were given.

    Parameters
    ----------
    values : object
        The values, each any number of times.
    what : str
        What they are, for messages.

    Raises
    ------
    MemkitError
        If they have several columns, are missing, or cannot be sorted.
    """
    numpy = import_library("numpy", "classes")
    array = numpy.asarray(values)
    if array.ndim > 1 and array.shape[1] > 1:
        message = (
            f"{what}: there are {array.shape[1]} columns, but a model is trained on "
            "one target here; train a model for each"
        )
        raise MemkitError(message)
    try:
        found = numpy.unique(array)
        is_known = bool((found == found).all())  # noqa: PLR0124 - NaN is not itself
    except TypeError:  # None and text, for example.
        is_known = False
    if not is_known:
        message = (
            f"{what}: some values are missing or of another type, so they cannot be "
            "classes; leave those rows out, in the cell or with a function as the "
            "target"
        )
        raise MemkitError(message)
    return found


def check_classes(values: Any, classes: Any, name: str) -> None:
    """Raise an error if a target has a value that is not among the classes."""
    numpy = import_library("numpy", "classes")
    values = numpy.asarray(values)
    is_known = numpy.isin(values, classes)
    if is_known.all():
        return
    other = values[~is_known][:1].tolist()[0]
    message = (
        f"the target of {name} has the value {other!r}, which is not among the "
        "classes; make a new model, and leave out the classes: a first pass finds them"
    )
    raise MemkitError(message)
