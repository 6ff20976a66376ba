"""Variables that keep the graphs of tensors, which a step of training should drop.

A graph is needed until its backward pass, so a variable is a leak only where no such
pass can follow: it collects tensors, or its cell is done with them. This is decided by
the line that stored it, and by what the graph keeps.
"""

from __future__ import annotations

import ast
from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from functools import _lru_cache_wrapper, partial
from types import FunctionType
from typing import TYPE_CHECKING, Any

from jupyter_memkit.cells.backward import (
    find_backward_inputs,
    find_graph_creation,
    has_backward,
)
from jupyter_memkit.cells.cell_parts import is_code
from jupyter_memkit.cells.stores import Store
from jupyter_memkit.cells.storing import find_store
from jupyter_memkit.hints.records import Hint
from jupyter_memkit.hints.scene import Scene
from jupyter_memkit.measure.hidden import find_hidden
from jupyter_memkit.measure.models import has_torch
from jupyter_memkit.measure.models.held import find_hook, is_module_type
from jupyter_memkit.measure.sizes.loaded import find_loaded
from jupyter_memkit.measure.sizes.raw_reads import read_mro, read_qualname
from jupyter_memkit.track.leaks.hidden import LEAST_BYTES
from jupyter_memkit.track.leaks.pandas_parts import is_table
from jupyter_memkit.track.user_variables import find_program, user_variables

if TYPE_CHECKING:
    from jupyter_memkit.measure.models.finding import Found
    from jupyter_memkit.measure.models.kept import KeptGraph, KeptGraphs

_COLLECTIONS = (list, deque, set, _lru_cache_wrapper)
# Another variable that keeps this much of a graph is named too.
_MOST_OF_IT = 0.5


def find(scene: Scene) -> Iterator[Hint]:
    """Yield a hint for each variable that keeps a graph without need."""
    if not has_torch():
        return
    # Imports torch, which is loaded.
    from jupyter_memkit.hints.detaching import Detaching  # noqa: PLC0415
    from jupyter_memkit.measure.models.kept import KeptGraphs  # noqa: PLC0415

    # A function can collect tensors in its closure, and a class in its attributes.
    named = user_variables(scene.shell, program=True)
    variables = {name: value for name, value in named.items() if name.isidentifier()}
    hidden = {each.name: each.value for each in find_hidden(scene.shell)}
    graphs = KeptGraphs(variables | hidden, find_program(scene.shell), scene.check_time)
    judge = _Judge(scene.inputs, variables)
    stores = {
        kept.name: judge.find_store(kept)
        for kept in graphs.found
        if kept.name in variables
    }
    leaks = [
        kept
        for kept in graphs.found
        if kept.name in stores and judge.is_leak(kept, stores[kept.name])
    ]
    leaks += _find_joined(leaks, graphs, stores)
    # What two of them keep counts for the one at fault.
    leaks.sort(key=lambda kept: not judge.gathers(kept, stores[kept.name]))
    found = [(kept, judge.explain(kept, stores[kept.name])) for kept in leaks]
    # Gradients come first: their graphs keep what that of the loss does, and more.
    found[:0] = [
        (kept, judge.explain_gradients())
        for kept in graphs.gradients
        if kept.name in variables and kept.saved_bytes >= LEAST_BYTES
    ]
    freed = graphs.count_freed([kept for kept, _ in found])
    detaching = Detaching()
    for (kept, why), n_bytes in zip(found, freed, strict=True):
        cure = detaching.write(kept.name, kept.tensors)
        if cure is None:
            continue
        yield Hint(
            kind="graph",
            name=kept.name,
            found=why,
            bytes=n_bytes,
            accuracy="estimate",
            cure=cure,
            _call=partial(scene.shell.ex, cure),
        )


def _find_joined(
    leaks: list[KeptGraph], graphs: KeptGraphs, stores: dict[str, Store | None]
) -> list[KeptGraph]:
    """Return other variables that keep most of the graph of a leak, such as a mean."""
    names = {kept.name for kept in leaks}
    return [
        other
        for other in graphs.found
        if other.name in stores
        and other.name not in names
        and any(
            len(other.nodes & kept.nodes) > _MOST_OF_IT * len(kept.nodes)
            for kept in leaks
        )
    ]


class _Judge:
    """Decides from the code of the cells what is still needed."""

    def __init__(self, inputs: Sequence[str], variables: Mapping[str, Any]) -> None:
        self._inputs = inputs
        self._variables = variables
        self._used = find_backward_inputs(self._inputs)
        code = [n for n, cell in enumerate(self._inputs) if cell and is_code(cell)]
        self._last = code[-1] if code else 0

    def find_store(self, kept: KeptGraph) -> Store | None:
        """Return the line that stored the newest of the tensors."""
        # The last is the newest of a list, and stored by the line at fault.
        found = kept.tensors[-1]
        steps = _read_steps(found)
        owners = [owner for owner, _ in found.steps]
        closure = _find_closure(found)
        if closure is not None:
            # There it has the name that the function's code has for it.
            depth, variable = closure
            return find_store(self._inputs, variable, steps[depth:], is_local=True)
        hook = find_hook(found.steps)
        if hook is not None:
            # It may be a method, which stores into its own object.
            return next(self._find_in_methods(owners, steps, hook), None)
        for inner in self._find_in_methods(owners, steps, 1):
            # What only makes an object, as `__init__`, is not what gathers them.
            if inner.kind in ("grow", "augment"):
                return inner
        class_names = _name_classes(owners[0]) if owners else ()
        store = find_store(self._inputs, kept.name, steps, class_names)
        is_model = is_module_type(type(self._variables[kept.name]))
        # The line that made a model stored no output in it.
        return None if is_model and store is not None and not store.steps else store

    def _find_in_methods(
        self, owners: Sequence[Any], steps: Sequence[str | None], first: int
    ) -> Iterator[Store]:
        """Yield the lines of methods of the objects on a path, the innermost first."""
        for depth in reversed(range(first, len(owners))):
            class_names = _name_classes(owners[depth])
            store = find_store(self._inputs, "", tuple(steps[depth:]), class_names)
            if store is not None:
                yield store

    def is_leak(self, kept: KeptGraph, store: Store | None) -> bool:
        """Return whether no backward pass can need the graph, or it keeps too much."""
        if any(find_hook(each.steps) for each in kept.tensors):
            # That its model is trained does not say that these are used.
            gathers = kept.n_graphs > 1
        else:
            gathers = kept.name not in self._used and self.gathers(kept, store)
        return gathers or (
            kept.saved_bytes >= LEAST_BYTES and not self._is_open(kept, store)
        )

    def explain(self, kept: KeptGraph, store: Store | None) -> str:
        """Return what it keeps, where the line is, and what to write instead."""
        if store is None:
            return "keeps its graph"
        where = f"stored by cell [{store.cell}], line {store.line}: {store.text}"
        return f"keeps its graph, {where}; {self._advise(kept, store)}"

    def explain_gradients(self) -> str:
        """Return the same for gradients that have a graph themselves."""
        line = find_graph_creation(self._inputs)
        if line is None:
            return "its gradients keep a graph"
        where = f"made by cell [{line.cell}], line {line.line}: {line.text}"
        return (
            f"its gradients keep a graph, {where}; reset them after use, or call "
            "torch.autograd.grad(…, create_graph=True)"
        )

    @staticmethod
    def gathers(kept: KeptGraph, store: Store | None) -> bool:
        """Return whether a variable gathers the graphs of several steps."""
        if store is None:
            return _count_collected(kept.tensors) > 1
        if store.repeats and _is_carried(kept, store):
            return True
        if store.kind == "augment":
            return store.repeats
        is_alone = store.kind == "bind" or len(kept.tensors) == 1
        return not is_alone or _count_collected(kept.tensors) > 1

    def _is_open(self, kept: KeptGraph, store: Store | None) -> bool:
        """Return whether a backward pass may follow in the next cell."""
        return (
            store is not None
            and kept.is_training
            and _count_collected(kept.tensors) < 2
            and store.cell >= self._last
            and not has_backward(self._inputs[store.cell])
            and any(map(has_backward, self._inputs))
        )

    def _advise(self, kept: KeptGraph, store: Store) -> str:
        """Return what to write to avoid it."""
        cell = self._inputs[store.cell]
        is_used = kept.name in self._used
        is_scalar = _is_scalar(kept.tensors[-1])
        advice = "compute it inside `with torch.inference_mode():`"
        if _is_carried(kept, store):
            advice = "detach it between steps with .detach()"
        elif is_used and "retain_graph" in cell:
            advice = "call backward() without retain_graph=True"
        elif _is_stored_itself(kept, store) and isinstance(
            store.value, (ast.Name, ast.Attribute, ast.Subscript)
        ):
            stored = ast.unparse(store.value)
            if is_scalar:
                advice = f"store {stored}.item() instead"
            elif store.is_called or has_backward(cell):
                advice = f"store {stored}.detach() instead"
        elif is_scalar:
            advice = "store the number with .item()"
        elif is_used:
            advice = "store it with .detach()"
        return advice


def _find_closure(found: Found) -> tuple[int, str] | None:
    """Return how deep a tensor is in a function, and the name of the variable there."""
    inner = [owner for owner, _ in found.steps[1:]] + [found.value]
    for depth in reversed(range(len(found.steps))):
        owner, _ = found.steps[depth]
        if type(owner) is FunctionType:
            names = owner.__code__.co_freevars
            for name, cell in zip(names, owner.__closure__ or (), strict=True):
                # Nothing may have been assigned to another variable yet.
                with suppress(ValueError):
                    if cell.cell_contents is inner[depth]:
                        return depth + 1, name
    return None


def _name_classes(value: Any) -> list[str]:
    """Return the names of the classes whose methods may store into an object."""
    bases = read_mro(type(value))
    if issubclass(type(value), type):
        # Into an attribute of a class, its own methods store.
        bases = (*read_mro(value), *bases)
    names = map(read_qualname, bases)
    return [name.rpartition(".")[2] for name in names]


def _read_steps(found: Found) -> tuple[str | None, ...]:
    """Return the steps to a tensor, of which those inside a table have no code."""
    steps = tuple(step for _, step in found.steps)
    depths = (n for n, (owner, _) in enumerate(found.steps) if is_table(owner))
    depth = next(depths, len(steps))
    return (*steps[:depth], *(None for _ in steps[depth:]))


def _is_stored_itself(kept: KeptGraph, store: Store) -> bool:
    """Return whether a line stores the tensor, and not an object that leads to it."""
    found = kept.tensors[-1]
    depth, _ = _find_closure(found) or (find_hook(found.steps) or 0, "")
    inside = len(found.steps) - depth - len(store.steps)
    # Of a part that is stored in place, the tensor is outside.
    return store.kind == "call" or inside <= (1 if store.kind == "grow" else 0)


def _is_carried(kept: KeptGraph, store: Store) -> bool:
    """Return whether a line computes a variable from its last value."""
    names = {node.id for node in ast.walk(store.value) if isinstance(node, ast.Name)}
    return store.kind == "bind" and kept.name in names


def _count_collected(tensors: list[Found]) -> int:
    """Return how many tensors are elements of a list or another collection."""
    kinds = (*_COLLECTIONS, find_loaded("numpy", "ndarray"))
    return sum(
        any(type(owner) is kind for owner, _ in each.steps for kind in kinds)
        for each in tensors
    )


def _is_scalar(found: Found) -> bool:
    from jupyter_memkit.measure.models.tensors import (  # noqa: PLC0415 - as above
        count_values,
    )

    return count_values(found.value) == 1
