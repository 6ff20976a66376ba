"""Finds variables that keep graphs alive, and what these keep; needs torch."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from jupyter_memkit.measure.models.finding import Finder, Found
from jupyter_memkit.measure.models.graphs import NODE_BYTES, Graph
from jupyter_memkit.measure.models.modules import find_layers
from jupyter_memkit.measure.models.tensors import find_buffers, read_graph
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
    is_training : bool
        Whether a module whose parameters the graphs reach is in training mode, or none
        is known.
    """

    name: str
    tensors: list[Found]
    saved_bytes: int
    nodes: frozenset[int]
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
        roots: dict[str, list[int]] = defaultdict(list)
        tensors: dict[str, list[Found]] = defaultdict(list)
        for name, found in Finder(ends, check).find(variables):
            if found.kind == "module":
                self._read_modes(found.value)
            elif found.kind == "tensor":
                self._held.update(_find_storages(found.value))
                node = read_graph(found.value)
                if node is not None:
                    roots[name].append(self._graph.add(node))
                    tensors[name].append(found)
        for leaf in self._graph.leaves.values():
            self._held.update(_find_storages(leaf))
        self.found = [
            self._describe(name, tensors[name], self._graph.reach(*numbers))
            for name, numbers in roots.items()
        ]

    def count_freed(self, names: Iterable[str]) -> dict[str, int]:
        """Return what each of some variables would free if all gave up their graphs.

        Parameters
        ----------
        names : iterable of str
            The variables. What two of them keep counts for the first.

        Returns
        -------
        dict of str to int
            The bytes; those of the nodes are an estimate.
        """
        wanted = list(names)
        by_name = {each.name: each for each in self.found}
        rest = [each.nodes for each in self.found if each.name not in wanted]
        counted: set[int] = set().union(*rest)
        freed = {}
        for name in wanted:
            fresh = by_name[name].nodes - counted
            counted |= fresh
            freed[name] = self._count_saved(fresh) + NODE_BYTES * len(fresh)
        return freed

    def _describe(self, name: str, tensors: list[Found], nodes: set[int]) -> KeptGraph:
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
