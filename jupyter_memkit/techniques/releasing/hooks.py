"""Removes torch's hooks that keep a deleted model alive.

A hook is a function that torch calls for a module or a tensor. One on another module
that refers to the model, through a closure or as its method, keeps it alive. What is
left works without it: torch looks hooks up at each call, and removing the handle of a
removed hook does nothing. Only hooks of the forward and the backward pass are removed,
and only those on a path that keeps the model alive.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from jupyter_memkit.errors import MemkitError
from jupyter_memkit.measure.holder_search import Way
from jupyter_memkit.measure.models.held import HOOKS, is_module_type, is_tensor_type
from jupyter_memkit.measure.sizes.loaded import find_loaded

# Those for all modules are in the namespace of torch/nn/modules/module.py.
_GLOBAL = tuple(f"_global{name}" for name in HOOKS)
_OF_TENSORS = ("_backward_hooks", "_post_accumulate_grad_hooks")


def find_hook(way: Way) -> int | None:
    """Return the number of the step that is a hook of torch; None if none is.

    Parameters
    ----------
    way : Way
        A path; the step before the hook is the dict that contains it.
    """
    for number, table in enumerate(way.steps[:-1]):
        # torch keeps hooks in an `OrderedDict`, those of older versions in a dict.
        if issubclass(type(table), dict) and _is_hook_table(way.steps, number):
            return number + 1
    return None


def cut_hooks(ways: Iterable[Way]) -> list[str]:
    """Remove the hooks on paths to an object.

    Parameters
    ----------
    ways : iterable of Way
        The paths.

    Returns
    -------
    list of str
        The paths to the hooks that were removed.
    """
    texts = [text for way in ways if (text := _cut(way)) is not None]
    return list(dict.fromkeys(texts))


def check_hookable(names: tuple[str, ...], values: list[Any]) -> None:
    """Raise an error unless one of the values can have hooks.

    Raises
    ------
    MemkitError
        If no value is a torch module or tensor.
    """
    if not names:
        message = (
            "--hooks removes torch's hooks that refer to a model; name it as well, as "
            "in %memfree model --hooks"
        )
        raise MemkitError(message)
    if not any(_is_torch(type(value)) for value in values):
        message = (
            "--hooks needs a torch module or tensor, and nothing was deleted; "
            f"%memfree {' '.join(names)} deletes without it"
        )
        raise MemkitError(message)


def _is_torch(kind: type) -> bool:
    return is_module_type(kind) or is_tensor_type(kind)


def _is_hook_table(steps: list[Any], number: int) -> bool:
    table = steps[number]
    if any(find_loaded("torch.nn.modules.module", name) is table for name in _GLOBAL):
        return True
    # Between a module and the dict there may be the dict of its attributes.
    for owner in steps[max(0, number - 2) : number]:
        tables: list[Any] = []
        if is_module_type(type(owner)):
            attributes = object.__getattribute__(owner, "__dict__")
            tables = [attributes.get(name) for name in HOOKS]
        elif is_tensor_type(type(owner)):
            tables = [getattr(owner, name, None) for name in _OF_TENSORS]
        if any(each is table for each in tables):
            return True
    return False


def _cut(way: Way) -> str | None:
    """Remove the hook on a path, and return the path to it; None without one."""
    number = find_hook(way)
    if number is None:
        return None
    table, hook = way.steps[number - 1 : number + 1]
    text = way.write(number + 1)
    for key in [key for key, each in dict.items(table) if each is hook]:
        table.pop(key)
    return text
