"""Reads the graphs that torch records for gradients, and what they keep.

A node of a graph is an object of C++ that Python sees as ``grad_fn``. It refers to the
nodes before it (``next_functions``), to a leaf (``variable``), and to the values that
its backward pass needs (``_raw_saved_…``). These are read packed: unpacking a value
would run the hooks with which checkpointing recomputes and offloading copies it, and
fails after a backward pass has freed it. An older torch only returns unpacked values,
so what its nodes saved is not visible. Imported only once torch is.
"""

from __future__ import annotations

import gc
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from types import CodeType, FrameType, FunctionType, GetSetDescriptorType, ModuleType
from typing import Any

import torch

from jupyter_memkit.measure.models.tensors import is_tensor, read_graph
from jupyter_memkit.measure.sizes.raw_reads import read_dict, read_mro

NODE_BYTES = 700
"""About what a node takes itself: 570 to 750 bytes were measured with torch 2.13."""

_Read = Callable[[Any], Any]

_SAVED = "_raw_saved_"
_SavedTensor = torch._C._autograd.SavedTensor  # noqa: SLF001 - it has no public name
_UNKNOWN = object()
# What a hook refers to is searched up to here: not in the program, and not in modules,
# whose tensors belong to a model.
_PROGRAM = (CodeType, FrameType, ModuleType, torch.nn.Module, type)
_MOST_OBJECTS = 1000
# Nodes that keep others or values which Python does not see.
_OPAQUE = frozenset({"CopySlices", "CppFunction"})


@dataclass(frozen=True, slots=True)
class _Kind:
    """How the nodes of a type are read.

    Attributes
    ----------
    type : type
        The type, kept so that its address is not reused.
    next, leaf : callable or None
        Return the nodes that follow, each with a number; and the leaf.
    saved : tuple of callable
        Return what a node keeps for the backward pass.
    has_context : bool
        Whether it is a function of Python, on which attributes can be set.
    """

    type: type
    next: _Read | None
    leaf: _Read | None
    saved: tuple[_Read, ...]
    has_context: bool


class Graph:
    """The graphs of some tensors, each node once.

    Attributes
    ----------
    nodes : list
        The nodes. They are kept, because the address of one identifies it.
    next : list of list of int
        For each node, the numbers of those that it passes gradients to.
    leaves : dict of int to torch.Tensor
        The leaves, by the numbers of their nodes.
    saved : dict of int to list of torch.Tensor
        The tensors that nodes keep for the backward pass, by their numbers.
    is_whole : bool
        Whether this is everything.
    """

    def __init__(self, check: Callable[[], object]) -> None:
        self._check = check
        self._kinds: dict[int, _Kind] = {}
        self._numbers: dict[int, int] = {}
        self.nodes: list[Any] = []
        self.next: list[list[int]] = []
        self.leaves: dict[int, Any] = {}
        self.saved: dict[int, list[Any]] = {}
        self.is_whole = True

    def add(self, root: Any) -> int:
        """Read a graph.

        Parameters
        ----------
        root : torch.autograd.graph.Node
            The ``grad_fn`` of a tensor.

        Returns
        -------
        int
            The number of the node.
        """
        number = self._meet(root)
        # The list of nodes grows while it is read.
        while len(self.next) < len(self.nodes):
            self._check()
            self._read(len(self.next))
        return number

    def reach(self, *roots: int) -> set[int]:
        """Return the numbers of all nodes that some nodes keep alive."""
        reached = set(roots)
        waiting = list(reached)
        while waiting:
            fresh = [each for each in self.next[waiting.pop()] if each not in reached]
            reached.update(fresh)
            waiting += fresh
        return reached

    def find_parts(self) -> list[int]:
        """Return a number for each node, the same for all nodes of a graph.

        Graphs that have only leaves in common, as those of two steps, are not the same.
        """
        parts = list(range(len(self.next)))

        def find(number: int) -> int:
            while parts[number] != number:
                parts[number] = number = parts[parts[number]]
            return number

        for number, following in enumerate(self.next):
            for each in following:
                if each not in self.leaves:
                    parts[find(each)] = find(number)
        return list(map(find, parts))

    def _read(self, number: int) -> None:
        """Read a node, without running code of a function that is the user's."""
        node = self.nodes[number]
        kind = self._kinds.get(id(type(node)))
        if kind is None:
            kind = self._kinds[id(type(node))] = _find_kind(type(node))
            self.is_whole &= kind.next is not None and kind.type.__name__ not in _OPAQUE
        following = () if kind.next is None else kind.next(node)
        self.next.append(
            [self._meet(each) for each, _ in following if each is not None]
        )
        if kind.leaf is not None:
            self.leaves[number] = kind.leaf(node)
        packed = list(self._read_packed(kind, node))
        # Not all of it needs to be a tensor: a hook can pack a value into anything.
        saved = [each for each in packed if is_tensor(each)]
        if len(saved) < len(packed) or kind.has_context:
            others = [each for each in packed if not is_tensor(each)]
            if kind.has_context:
                others += (
                    each for each in gc.get_referents(node) if type(each) is dict
                )
            for tensor in self._find_tensors(others):
                saved.append(tensor)
                before = read_graph(tensor)
                if before is not None:
                    self.next[number].append(self._meet(before))
        if saved:
            self.saved[number] = saved

    def _read_packed(self, kind: _Kind, node: Any) -> Iterator[Any]:
        """Yield what a node saved, as it was packed."""
        for read in kind.saved:
            try:
                found = read(node)
            except RuntimeError:
                continue  # A backward pass has freed it.
            for each in found if type(found) is tuple else (found,):
                yield from self._unwrap(each)

    def _unwrap(self, saved: Any) -> Iterator[Any]:
        """Yield what torch's object for a saved tensor refers to."""
        packed = getattr(saved, "data", _UNKNOWN)
        if packed is _UNKNOWN:
            self.is_whole = False
        elif packed is not None:
            yield packed
            if not is_tensor(packed):
                # The hook can keep what it needs, such as the inputs of a checkpoint.
                yield saved.unpack_hook

    def _find_tensors(self, roots: list[Any]) -> Iterator[Any]:
        """Yield the tensors that objects of Python refer to."""
        waiting = list(roots)
        met = set(map(id, waiting))
        # Kept, so that addresses are not reused.
        kept: list[Any] = []
        while waiting:
            value = waiting.pop()
            kept.append(value)
            if is_tensor(value):
                yield value
                continue
            if type(value) is _SavedTensor:
                referents = list(self._unwrap(value))
            elif issubclass(type(value), FunctionType):
                referents = [value.__closure__, value.__defaults__]
            else:
                referents = gc.get_referents(value)
            for each in referents:
                if id(each) not in met and not issubclass(type(each), _PROGRAM):
                    met.add(id(each))
                    waiting.append(each)
            if len(met) > _MOST_OBJECTS:
                self.is_whole = False
                return

    def _meet(self, node: Any) -> int:
        number = self._numbers.setdefault(id(node), len(self.nodes))
        if number == len(self.nodes):
            self.nodes.append(node)
        return number


def _find_kind(kind: type) -> _Kind:
    """Find out how the nodes of a type are read."""
    # Only torch's own descriptors, which the class of a user's function cannot replace.
    readers: dict[str, _Read] = {
        name: found.__get__
        for base in reversed(read_mro(kind))
        for name, found in read_dict(base).items()
        if type(found) is GetSetDescriptorType
    }
    return _Kind(
        type=kind,
        next=readers.get("next_functions"),
        leaf=readers.get("variable"),
        saved=tuple(read for name, read in readers.items() if name.startswith(_SAVED)),
        has_context=f"{_SAVED}tensors" in readers,
    )
