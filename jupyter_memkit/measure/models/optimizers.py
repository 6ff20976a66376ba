"""Reads what optimizers keep for each parameter; imported only once torch is.

Those of torch have a dict by parameter. Those of Keras have lists in the order of the
trained variables, each of which has its tensor in ``_value``.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import torch

from jupyter_memkit.measure.attributes import read_attributes
from jupyter_memkit.measure.models.tensors import is_tensor, iterate_tensors
from jupyter_memkit.measure.sizes.loaded import derives_from


def is_optimizer_type(kind: type) -> bool:
    """Return whether a type is an optimizer of torch or Keras."""
    return issubclass(kind, torch.optim.Optimizer) or _is_of_keras(kind)


def read_state(optimizer: Any) -> Iterator[tuple[Any, Any]]:
    """Yield the tensors of an optimizer, each with what it belongs to.

    Parameters
    ----------
    optimizer : object
        An optimizer of torch or Keras.

    Yields
    ------
    tuple of torch.Tensor
        A tensor and the parameter that it was made for, or itself. The parameters are
        among them.
    """
    attributes = dict(read_attributes(optimizer))
    if _is_of_keras(type(optimizer)):
        yield from _read_lists(attributes)
        return
    state = attributes.pop("state", {})
    if issubclass(type(state), dict):
        for parameter, values in list(dict.items(state)):
            for tensor in iterate_tensors([values]):
                yield tensor, parameter
    # The groups list the parameters; the rest can be anything.
    for tensor in iterate_tensors(attributes.values()):
        yield tensor, tensor


def _is_of_keras(kind: type) -> bool:
    return derives_from(kind, "keras.src.optimizers.base_optimizer", "BaseOptimizer")


def _read_lists(attributes: dict[str, Any]) -> Iterator[tuple[Any, Any]]:
    """Yield the tensors in the lists of an optimizer of Keras."""
    lists = {
        name: list(map(_read_variable, list.__iter__(values)))
        for name, values in attributes.items()
        if issubclass(type(values), list)
    }
    trained = lists.get("_trainable_variables", [])
    everything = lists.pop("_variables", [])
    pairs = [(each, each) for each in everything]
    for values in lists.values():
        if len(values) == len(trained):
            pairs = [*zip(values, trained, strict=True), *pairs]
    yield from (pair for pair in pairs if pair[0] is not None)


def _read_variable(variable: Any) -> Any:
    """Return the tensor of a variable of Keras; None if it has none."""
    value = dict(read_attributes(variable)).get("_value")
    return value if is_tensor(value) else None
