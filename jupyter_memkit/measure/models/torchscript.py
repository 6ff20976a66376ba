"""Reads the tensors in objects of TorchScript; imported only once torch is.

A scripted or traced module wraps an object of C++, and a traced function is one. Their
tensors are in attributes, and in the constants of their graphs: what a traced function
took from outside its arguments, and all weights of a frozen module. Only torch's own
data is read: reading an object of a scripted class would create a new one, which runs
the class's code.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import torch

from jupyter_memkit.measure.models.tensors import iterate_tensors
from jupyter_memkit.measure.sizes.identity import contains_identical

_FUNCTION: Any = torch.jit.ScriptFunction
_MODULE: Any = torch.ScriptModule
TORCHSCRIPT = (_FUNCTION, torch.ScriptObject)
"""The objects of C++."""

# The types of values that torch returns as tensors, numbers, texts and containers.
_PLAIN = frozenset(
    f"{name}Type"
    for name in (
        *("Tensor", "List", "Dict", "Tuple", "Optional"),
        *("Int", "Float", "Complex", "Number", "Bool", "String", "None", "DeviceObj"),
    )
)


def read_torchscript(value: Any) -> Iterator[Any]:
    """Yield the tensors of a C++ object, without those of the modules in it.

    What its compiled code adds is not visible.

    Parameters
    ----------
    value : torch.jit.ScriptFunction or torch.ScriptObject
        The object, such as ``module._c``. Of one that is no module nothing is read.
    """
    if contains_identical((_FUNCTION,), type(value)):
        yield from _read_constants(_FUNCTION.inlined_graph.__get__(value))
    elif contains_identical((_MODULE,), type(value)):
        kind = torch._C.ConcreteModuleType.from_jit_type(_MODULE._type(value))  # noqa: SLF001 - it has no public name
        for name, (declared, _) in kind.get_attributes().items():
            if _is_plain(declared):
                yield from iterate_tensors([_MODULE.getattr(value, name)])
        for name in _MODULE._method_names(value):  # noqa: SLF001 - as above
            yield from _read_constants(_MODULE._get_method(value, name).graph)  # noqa: SLF001


def keeps_functions() -> bool:
    """Return whether functions were compiled, which torch keeps until the process ends.

    With them it keeps the tensors that they use, and those of traced modules.
    """
    return bool(torch.jit._state._python_cu.get_functions())  # noqa: SLF001 - as above


def _is_plain(declared: Any) -> bool:
    return declared.kind() in _PLAIN and all(map(_is_plain, declared.containedTypes()))


def _read_constants(graph: Any) -> Iterator[Any]:
    """Yield the tensors that are constants of a graph, or of those in its nodes."""
    waiting = [graph]
    while waiting:
        for node in waiting.pop().nodes():
            waiting += node.blocks()
            for name in node.attributeNames():
                kind = node.kindOf(name)
                if kind == "g":
                    waiting.append(node.g(name))
                elif kind == "t":
                    yield node.t(name)
                elif kind == "ival" and _is_plain(node.output().type()):
                    yield from iterate_tensors([node.ival(name)])
