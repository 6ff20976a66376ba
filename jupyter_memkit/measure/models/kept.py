"""Finds variables that keep graphs alive, and what these keep; needs torch."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from jupyter_memkit.measure.models.finding import Finder, Found
from jupyter_memkit.measure.models.graphs import NODE_BYTES, Graph
from jupyter_memkit.measure.models.modules import find_layers
from jupyter_memkit.measure.models.tensors import (
    find_buffers,
    read_gradient,
    read_graph,
)
from jupyter_memkit.measure.sizes.buffers import BufferLedger
from jupyter_memkit.measure.sizes.parts import DISK, UNTOUCHED


@dataclass(frozen=True, slots=True)
class KeptGraph:
    """What the graphs of a variable's tensors keep.

    Attributes
    ----------
    name : str
        The variable.
    tensors : list of Found
        Its tensors that have a graph.
    saved_bytes : int
        What the graphs keep for a backward pass, which no variable holds as well.
    nodes : frozenset of int
        The numbers of the nodes, which can be compared with those of other variables.
    n_graphs : int
        How many graphs they are; those of two steps of training have only leaves in
        common.
    is_training : bool
        Whether a module whose parameters the graphs reach is in training mode, or none
        is known.
    """

    name: str
    tensors: list[Found]
    saved_bytes: int
    nodes: frozenset[int]
    n_graphs: int
    is_training: bool


class KeptGraphs:
    """The graphs that variables keep.

    Parameters
    ----------
    variables : mapping of str to object
        The variables, and other holders, by name.
    ends : iterable
        Objects that belong to the program, where the search ends.
    check : callable
        Called between objects; an exception that it raises ends the search.

    Attributes
    ----------
    found : list of KeptGraph
        The graphs of the tensors of each variable.
    gradients : list of KeptGraph
        Those of the gradients of its tensors, as a backward pass with
        ``create_graph=True`` leaves them; those of a parameter for its first variable.
    """

    def __init__(
        self,
        variables: Mapping[str, Any],
        ends: Iterable[Any],
        check: Callable[[], object],
    ) -> None:
        self._graph = Graph(check)
        self._held: set[tuple[str, int]] = set()
        self._modes: dict[int, bool] = {}
        tensors: dict[str, list[Found]] = defaultdict(list)
        gradients: dict[str, list[Found]] = defaultdict(list)
        # A parameter is in the model and in its optimizer.
        met: set[int] = set()
        for name, found in Finder(ends, check).find(variables):
            if found.kind == "module":
                self._read_modes(found.value)
            elif found.kind == "tensor":
                self._held.update(_find_storages(found.value))
                if read_graph(found.value) is not None:
                    tensors[name].append(found)
                gradient = read_gradient(found.value)
                if gradient is not None and id(gradient) not in met:
                    met.add(id(gradient))
                    if read_graph(gradient) is not None:
                        steps = (*found.steps, (found.value, ".grad"))
                        gradients[name].append(Found("tensor", gradient, steps))
        roots = {
            id(each): self._graph.add(read_graph(each.value))
            for kept in (tensors, gradients)
            for several in kept.values()
            for each in several
        }
        for leaf in self._graph.leaves.values():
            self._held.update(_find_storages(leaf))
        self._parts = self._graph.find_parts()
        self.found, self.gradients = (
            [
                self._describe(name, several, [roots[id(each)] for each in several])
                for name, several in kept.items()
            ]
            for kept in (tensors, gradients)
        )

    def count_freed(self, wanted: Sequence[KeptGraph]) -> list[int]:
        """Return what each of some graphs would free if all of them were released.

        Parameters
        ----------
        wanted : sequence of KeptGraph
            The graphs. What two of them keep counts for the first.

        Returns
        -------
        list of int
            The bytes; those of the nodes are an estimate.
        """
        given_up = set(map(id, wanted))
        everything = (*self.found, *self.gradients)
        rest = [each.nodes for each in everything if id(each) not in given_up]
        counted: set[int] = set().union(*rest)
        freed = []
        for each in wanted:
            fresh = each.nodes - counted
            counted |= fresh
            freed.append(self._count_saved(fresh) + NODE_BYTES * len(fresh))
        return freed

    def _describe(
        self, name: str, tensors: list[Found], roots: Sequence[int]
    ) -> KeptGraph:
        nodes = self._graph.reach(*roots)
        leaves = self._graph.leaves
        modes = [
            self._modes[id(leaves[number])]
            for number in nodes & leaves.keys()
            if id(leaves[number]) in self._modes
        ]
        return KeptGraph(
            name=name,
            tensors=tensors,
            saved_bytes=self._count_saved(nodes),
            nodes=frozenset(nodes),
            n_graphs=len({self._parts[root] for root in roots}),
            is_training=any(modes) or not modes,
        )

    def _read_modes(self, module: Any) -> None:
        for layer in find_layers(module):
            attributes: dict[str, Any] = vars(layer.module)
            for parameter in layer.parameters:
                self._modes[id(parameter)] = attributes.get("training") is not False

    def _count_saved(self, nodes: Iterable[int]) -> int:
        """Return the bytes that nodes keep and no variable holds."""
        ledger = BufferLedger()
        met = set(self._held)
        for number in nodes:
            for tensor in self._graph.saved.get(number, ()):
                for buffer in find_buffers(tensor)[0]:
                    if (buffer.device, buffer.address) not in met:
                        met.add((buffer.device, buffer.address))
                        ledger.add(buffer, 0, fold=0, weight=1.0)
        totals, _ = ledger.settle()
        by_device = Counter(
            {
                device: round(sum(total.bytes_by_fold.values()))
                for (_, device), total in totals.items()
            }
        )
        return sum(
            n_bytes
            for device, n_bytes in by_device.items()
            if device not in (DISK, UNTOUCHED)
        )


def _find_storages(tensor: Any) -> Iterable[tuple[str, int]]:
    buffers, _ = find_buffers(tensor)
    return ((buffer.device, buffer.address) for buffer in buffers)
