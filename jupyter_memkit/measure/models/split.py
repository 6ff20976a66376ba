"""Splits the memory of models by purpose; imported only once torch is.

Each storage belongs to the first that claims it: parameters and buffers before
gradients, gradients before the state of optimizers, that before tensors in variables,
and these before what graphs keep.

The claims are collected once, and added up for all models together, and again for each
model that is a part of another: there its own parameters come first.
"""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from jupyter_memkit.measure.models.adding_up import Claim, Model, Total
from jupyter_memkit.measure.models.device_caches import read_device_caches
from jupyter_memkit.measure.models.finding import Finder, Found
from jupyter_memkit.measure.models.graphs import Graph
from jupyter_memkit.measure.models.modules import find_layers
from jupyter_memkit.measure.models.optimizers import read_state
from jupyter_memkit.measure.models.records import ModelSize, ModelSizes
from jupyter_memkit.measure.models.tensors import (
    find_buffers,
    read_gradient,
    read_graph,
)


class OutOfTimeError(Exception):
    """Ends a measurement when its time is up."""


class Splitter:
    """One measurement of a namespace.

    Parameters
    ----------
    check : callable
        Called between objects; it raises `OutOfTimeError` when time is up.
    """

    def __init__(self, check: Callable[[], object]) -> None:
        self._check = check
        # Those that are not parts of others, and those that are.
        self._models: list[Model] = []
        self._parts: list[Model] = []
        self._claims: list[Claim] = []
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
        total = Total(self._models, self._claims)
        models = [total.describe(model, layers=layers) for model in self._models]
        models += self._describe_parts(models, layers=layers)
        # A model before its parts, which can take as much.
        models.sort(key=lambda model: -model.total.total_bytes)
        return ModelSizes(
            models=tuple(models),
            others=total.others,
            caches=read_device_caches(),
            complete=self._is_whole and not finder.skipped,
        )

    def _describe_parts(
        self, wholes: list[ModelSize], *, layers: bool
    ) -> list[ModelSize]:
        """Describe the parts, as far as there is time."""
        names: dict[int, str] = {}
        for model, whole in zip(self._models, wholes, strict=True):
            for each in (*(layer.module for layer in model.layers), *model.tensors):
                names.setdefault(id(each), whole.name)
        described = []
        try:
            for part in self._parts:
                self._check()
                total = Total([part], self._claims, with_others=False)
                owner = names.get(id(part.found.value)) or names[id(part.tensors[0])]
                described.append(total.describe(part, layers=layers, part_of=owner))
        except OutOfTimeError:
            self._is_whole = False
        return described

    def _claim_all(self, found: list[tuple[str, Found]]) -> None:
        by_kind: dict[str, list[Any]] = defaultdict(list)
        for _, each in found:
            by_kind[each.kind].append(each.value)
        self._choose_models(found)
        leaves = self._claim_models()
        loose = by_kind["tensor"]
        graph = Graph(self._check)
        # With create_graph=True, a gradient has a graph as well.
        gradients = [read_gradient(tensor) for tensor in (*leaves, *loose)]
        for tensor in (*loose, *gradients):
            node = None if tensor is None else read_graph(tensor)
            if node is not None:
                graph.add(node)
        # A graph keeps leaves, which need not be in a variable.
        for leaf in graph.leaves.values():
            self._claim(leaf, "parameters", leaf)
        for tensor in (*leaves, *loose, *graph.leaves.values()):
            gradient = read_gradient(tensor)
            if gradient is not None:
                self._claim(gradient, "gradients", tensor)
        for optimizer in by_kind["optimizer"]:
            self._claim_state(optimizer)
        for tensor in loose:
            self._claim(tensor, "tensors")
        self._claim_saved(graph, set(map(id, leaves)))

    def _choose_models(self, found: list[tuple[str, Found]]) -> None:
        """Keep of each variable the models that are not parts of others in it."""
        by_variable: dict[str, list[Model]] = defaultdict(list)
        for name, each in found:
            if each.kind == "module":
                layers = list(find_layers(each.value))
                model = Model(variable=name, found=each, layers=layers)
                if model.has_tensors:
                    by_variable[name].append(model)
        candidates = [
            model for each in by_variable.values() for model in _drop_parts(each)
        ]
        # A variable that is the model itself comes before one that leads to it.
        candidates.sort(key=lambda model: len(model.found.steps))
        self._models = _drop_parts(candidates)
        kept = set(map(id, self._models))
        self._parts = [model for model in candidates if id(model) not in kept]

    def _claim_models(self) -> list[Any]:
        """Claim what is registered in modules, and return the parameters."""
        layers = [layer for model in self._models for layer in model.layers]
        parameters = [each for layer in layers for each in layer.parameters]
        for layer in layers:
            self._is_whole &= layer.is_whole
        for parameter in parameters:
            self._claim(parameter, "parameters", parameter)
        for layer in layers:
            for tensor in layer.buffers:
                self._claim(tensor, "buffers", layer.module)
        return parameters

    def _claim_state(self, optimizer: Any) -> None:
        """Claim what an optimizer keeps for each parameter."""
        for tensor, owner in read_state(optimizer):
            self._claim(tensor, "optimizer", owner)

    def _claim_saved(self, graph: Graph, parameters: set[int]) -> None:
        nearest = _find_nearest(graph, parameters)
        for number, saved in graph.saved.items():
            for tensor in saved:
                self._claim(tensor, "activations", nearest.get(number))
        self._is_whole &= graph.is_whole

    def _claim(self, tensor: Any, purpose: str, owner: Any = None) -> None:
        """Claim a tensor for the layer of a parameter, or of a module's buffers."""
        self._check()
        buffers, is_whole = find_buffers(tensor)
        self._is_whole &= is_whole
        self._claims.append(Claim(buffers, purpose, owner))


def _drop_parts(models: list[Model]) -> list[Model]:
    """Drop modules that are parts of others, and those that come before.

    One whose tensors are all in another is a part of it: a traced copy, or a layer of
    Keras, whose models register only the tensors with torch.
    """
    inner = {id(layer.module) for model in models for layer in model.layers[1:]}
    # Of modules that contain each other, the first that no other model contains.
    models = sorted(models, key=lambda model: id(model.found.value) in inner)
    kept = []
    met: set[int] = set()
    for model in models:
        tensors = set(map(id, model.tensors))
        if id(model.found.value) not in met and not (tensors and tensors <= met):
            met.update(id(layer.module) for layer in model.layers)
            met |= tensors
            kept.append(model)
    return kept


def _find_nearest(graph: Graph, parameters: set[int]) -> dict[int, Any]:
    """Return the parameter that is nearest to each node."""
    before: dict[int, list[int]] = defaultdict(list)
    for number, following in enumerate(graph.next):
        for each in following:
            before[each].append(number)
    nearest = {
        number: leaf for number, leaf in graph.leaves.items() if id(leaf) in parameters
    }
    waiting = deque(nearest)
    while waiting:
        number = waiting.popleft()
        for each in before[number]:
            if each not in nearest:
                nearest[each] = nearest[number]
                waiting.append(each)
    return nearest
