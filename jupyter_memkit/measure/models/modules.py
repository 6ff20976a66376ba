"""Reads the tensors of a module, layer by layer; imported only once torch is.

``parameters()`` and its like are methods that the user's class can override, so the
dicts in which `torch.nn.Module` registers things are read instead.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import torch

from jupyter_memkit.measure.attributes import read_attributes
from jupyter_memkit.measure.models.tensors import iterate_tensors
from jupyter_memkit.measure.models.torchscript import TORCHSCRIPT, read_torchscript

_REGISTERED = ("_parameters", "_buffers", "_modules")
# Where a traced module has the scripted one that it wraps.
_WRAPPED = "_actual_script_module"


@dataclass(frozen=True, slots=True)
class Layer:
    """A module in the tree of another, with the tensors that it holds itself.

    Attributes
    ----------
    name : str
        Its path, such as ``encoder.0``; empty for the whole.
    module : torch.nn.Module
        The module.
    parameters, buffers : list of torch.Tensor
        What is registered there; `buffers` also has tensors in plain attributes, and
        the constants of TorchScript.
    is_whole : bool
        Whether this is everything.
    """

    name: str
    module: Any
    parameters: list[Any]
    buffers: list[Any]
    is_whole: bool


def find_layers(module: Any) -> Iterator[Layer]:
    """Yield a module and those in it, each once, also if they contain each other."""
    met = {id(module)}
    waiting = [("", module)]
    while waiting:
        name, each = waiting.pop()
        attributes = dict(read_attributes(each))
        parameters, buffers, modules = (
            _read_items(attributes.get(registered)) for registered in _REGISTERED
        )
        if _WRAPPED in attributes:
            modules[""] = attributes[_WRAPPED]
        others = [value for key, value in attributes.items() if key not in _REGISTERED]
        scripts = [value for value in others if issubclass(type(value), TORCHSCRIPT)]
        constants = [each for script in scripts for each in read_torchscript(script)]
        yield Layer(
            name=name,
            module=each,
            parameters=list(iterate_tensors(parameters.values())),
            buffers=list(iterate_tensors([*buffers.values(), *others, *constants])),
            # Nothing is visible of packed weights in quantized layers, nor of what
            # compiled code computes from constants in advance.
            is_whole=not constants and not any(map(_is_opaque, scripts)),
        )
        # The first comes last, because the last is popped first.
        for key, child in reversed(modules.items()):
            if issubclass(type(child), torch.nn.Module) and id(child) not in met:
                met.add(id(child))
                waiting.append((f"{name}.{key}".strip("."), child))


def _is_opaque(script: Any) -> bool:
    return issubclass(type(script), torch.ScriptObject)


def _read_items(registered: Any) -> dict[str, Any]:
    """Return what is in a dict of a module; empty if it was never initialized."""
    kind = type(registered)
    if issubclass(kind, dict):
        return dict(dict.items(registered))
    # A scripted module has wrappers of C++ objects in their place.
    if kind is torch.jit._script.OrderedModuleDict:  # noqa: SLF001 - it has no public name
        return dict(registered._python_modules)  # noqa: SLF001
    if kind is torch.jit._script.OrderedDictWrapper:  # noqa: SLF001
        return dict(registered._c.items())  # noqa: SLF001
    return {}
