"""Splits the memory of models by purpose; imported only beside torch.

Each storage belongs to the first that claims it: parameters and buffers before
gradients, gradients before the state of optimizers, that before tensors in variables,
and these before what graphs keep.
"""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from jupyter_memkit.measure.attributes import read_attributes
from jupyter_memkit.measure.models.device_caches import read_device_caches
from jupyter_memkit.measure.models.finding import Finder, Found
from jupyter_memkit.measure.models.graphs import Graph
from jupyter_memkit.measure.models.modules import Layer, find_layers
from jupyter_memkit.measure.models.records import (
    LayerSize,
    ModelSize,
    ModelSizes,
    Split,
)
from jupyter_memkit.measure.models.tensors import (
    find_buffers,
    iterate_tensors,
    read_gradient,
    read_graph,
)
from jupyter_memkit.measure.sizes.buffers import BufferLedger
from jupyter_memkit.measure.sizes.registry import name_type

# Layers are numbered over all models; this stands for none.
_NO_LAYER = -1


class OutOfTimeError(Exception):
    """Ends a measurement when its time is up."""


@dataclass(slots=True)
class _Model:
    """A module that is not a part of another one."""

    variable: str
    found: Found
    layers: list[Layer]
    numbers: list[int] = field(default_factory=list)


class Splitter:
    """One measurement of a namespace.

    Parameters
    ----------
    check : callable
        Called between objects; it raises `OutOfTimeError` when time is up.
    """

    def __init__(self, check: Callable[[], object]) -> None:
        self._check = check
        self._models: list[_Model] = []
        self._layers: list[Layer] = []
        # The layer of each parameter, by its address.
        self._layer_of: dict[int, int] = {}
        self._ledger = BufferLedger()
        self._claimed: set[tuple[str, int]] = set()
        # The layer and the purpose of each owner in the ledger.
        self._owners: dict[tuple[int, str], int] = {}
        self._is_whole = True

    def measure(
        self, variables: Mapping[str, Any], ends: Iterable[Any], *, layers: bool
    ) -> ModelSizes:
        """Measure the models, optimizers and tensors of a namespace.

        Parameters
        ----------
        variables : mapping of str to object
            The variables.
        ends : iterable
            Objects that belong to the program.
        layers : bool
            Whether to list the layers of each model.
        """
        finder = Finder(ends, self._check)
        try:
            self._claim_all(list(finder.find(variables)))
        except OutOfTimeError:
            self._is_whole = False
        return ModelSizes(
            **self._add_up(layers=layers),
            caches=read_device_caches(),
            complete=self._is_whole and not finder.skipped,
        )

    def _claim_all(self, found: list[tuple[str, Found]]) -> None:
        by_kind: dict[str, list[Any]] = defaultdict(list)
        for name, each in found:
            by_kind[each.kind].append(each.value)
            if each.kind == "module":
                self._add_model(name, each)
        self._drop_parts()
        leaves = self._claim_models()
        loose = by_kind["tensor"]
        graph = Graph(self._check)
        for tensor in loose:
            node = read_graph(tensor)
            if node is not None:
                graph.add(node)
        # A graph keeps leaves, which need not be in a variable.
        for leaf in graph.leaves.values():
            self._claim(leaf, self._layer_of.get(id(leaf), _NO_LAYER), "parameters")
        for tensor in (*leaves, *loose, *graph.leaves.values()):
            gradient = read_gradient(tensor)
            if gradient is not None:
                layer = self._layer_of.get(id(tensor), _NO_LAYER)
                self._claim(gradient, layer, "gradients")
        for optimizer in by_kind["optimizer"]:
            self._claim_state(optimizer)
        for tensor in loose:
            self._claim(tensor, _NO_LAYER, "tensors")
        self._claim_saved(graph)

    def _add_model(self, variable: str, found: Found) -> None:
        layers = list(find_layers(found.value))
        # A loss function without tensors is a module too.
        if any(
            layer.parameters or layer.buffers or not layer.is_whole for layer in layers
        ):
            self._models.append(_Model(variable, found, layers))

    def _drop_parts(self) -> None:
        """Drop modules that are parts of others, and those that were found before."""
        parts = {id(layer.module) for each in self._models for layer in each.layers[1:]}
        kept: dict[int, _Model] = {}
        for model in self._models:
            if id(model.found.value) not in parts:
                kept.setdefault(id(model.found.value), model)
        # Modules that contain each other are all parts.
        self._models = list(kept.values()) or self._models[:1]

    def _claim_models(self) -> list[Any]:
        """Claim what is registered in modules, and return the parameters."""
        parameters = []
        for model in self._models:
            for layer in model.layers:
                number = len(self._layers)
                self._layers.append(layer)
                model.numbers.append(number)
                self._is_whole &= layer.is_whole
                for tensor in layer.parameters:
                    self._layer_of.setdefault(id(tensor), number)
                    self._claim(tensor, number, "parameters")
                parameters += layer.parameters
        for number, layer in enumerate(self._layers):
            for tensor in layer.buffers:
                self._claim(tensor, number, "buffers")
        return parameters

    def _claim_state(self, optimizer: Any) -> None:
        """Claim what an optimizer keeps for each parameter."""
        attributes = dict(read_attributes(optimizer))
        state = attributes.pop("state", {})
        if issubclass(type(state), dict):
            for parameter, values in list(dict.items(state)):
                layer = self._layer_of.get(id(parameter), _NO_LAYER)
                for tensor in iterate_tensors([values]):
                    self._claim(tensor, layer, "optimizer")
        # The groups list the parameters; the rest can be anything.
        for tensor in iterate_tensors(attributes.values()):
            self._claim(tensor, self._layer_of.get(id(tensor), _NO_LAYER), "optimizer")

    def _claim_saved(self, graph: Graph) -> None:
        nearest = _find_nearest(graph, self._layer_of)
        for number, saved in graph.saved.items():
            for tensor in saved:
                self._claim(tensor, nearest.get(number, _NO_LAYER), "activations")
        self._is_whole &= graph.is_whole

    def _claim(self, tensor: Any, layer: int, purpose: str) -> None:
        self._check()
        buffers, is_whole = find_buffers(tensor)
        self._is_whole &= is_whole
        for buffer in buffers:
            key = (buffer.device, buffer.address)
            if key not in self._claimed:
                self._claimed.add(key)
                owner = self._owners.setdefault((layer, purpose), len(self._owners))
                self._ledger.add(buffer, owner, fold=0, weight=1.0)

    def _add_up(self, *, layers: bool) -> dict[str, Any]:
        totals, _ = self._ledger.settle()
        owners = list(self._owners)
        # By layer, then by location.
        splits: dict[int, dict[str, Split]] = defaultdict(lambda: defaultdict(Split))
        for (owner, device), total in totals.items():
            layer, purpose = owners[owner]
            n_bytes = round(sum(total.bytes_by_fold.values()))
            splits[layer][device] += Split(**{f"{purpose}_bytes": n_bytes})
        models = [
            ModelSize(
                name=model.found.write_path(model.variable),
                variable=model.variable,
                type=name_type(type(model.found.value)),
                devices=_add_by_device(splits[number] for number in model.numbers),
                layers=tuple(self._list_layers(model, splits)) if layers else (),
            )
            for model in self._models
        ]
        models.sort(key=lambda model: -model.total.total_bytes)
        return {"models": tuple(models), "others": dict(splits[_NO_LAYER])}

    def _list_layers(
        self, model: _Model, splits: Mapping[int, Mapping[str, Split]]
    ) -> Iterator[LayerSize]:
        for layer, number in zip(model.layers, model.numbers, strict=True):
            split = sum(splits[number].values(), Split())
            if split.total_bytes:
                kind = name_type(type(layer.module))
                yield LayerSize(name=layer.name, type=kind, split=split)


def _add_by_device(parts: Iterable[Mapping[str, Split]]) -> dict[str, Split]:
    added: dict[str, Split] = defaultdict(Split)
    for part in parts:
        for device, split in part.items():
            added[device] += split
    return dict(added)


def _find_nearest(graph: Graph, layer_of: Mapping[int, int]) -> dict[int, int]:
    """Return the layer of each node: that of the parameter nearest to it."""
    before: dict[int, list[int]] = defaultdict(list)
    for number, following in enumerate(graph.next):
        for each in following:
            before[each].append(number)
    nearest = {
        number: layer_of[id(leaf)]
        for number, leaf in graph.leaves.items()
        if id(leaf) in layer_of
    }
    waiting = deque(nearest)
    while waiting:
        number = waiting.popleft()
        for each in before[number]:
            if each not in nearest:
                nearest[each] = nearest[number]
                waiting.append(each)
    return nearest
