"""Adds up the claims on memory for some of the models, by layer and purpose."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from jupyter_memkit.measure.models.finding import Found
from jupyter_memkit.measure.models.modules import Layer
from jupyter_memkit.measure.models.records import LayerSize, ModelSize, Split
from jupyter_memkit.measure.sizes.buffers import BufferLedger
from jupyter_memkit.measure.sizes.parts import Buffer
from jupyter_memkit.measure.sizes.registry import name_type

# Layers are numbered over all models; this means none.
_NO_LAYER = -1
# What a layer itself has, which comes before what others claim.
_OWN = ("parameters", "buffers")


@dataclass(frozen=True, slots=True)
class Claim:
    """The memory of a tensor, and its purpose.

    Attributes
    ----------
    buffers : list of Buffer
        The memory.
    purpose : str
        What it is for, such as ``"gradients"``.
    owner : object
        The parameter, or the module of a buffer, whose layer it belongs to; None if it
        belongs to no layer.
    """

    buffers: list[Buffer]
    purpose: str
    owner: Any


@dataclass(frozen=True, slots=True)
class Model:
    """A module that a variable refers to, with the modules in it."""

    variable: str
    found: Found
    layers: list[Layer]

    @property
    def tensors(self) -> list[Any]:
        """Its parameters and buffers."""
        return [
            each
            for layer in self.layers
            for each in (*layer.parameters, *layer.buffers)
        ]

    @property
    def has_tensors(self) -> bool:
        """Whether it is more than a function, as a loss without weights is."""
        return bool(self.tensors) or not all(layer.is_whole for layer in self.layers)


class Total:
    """What some models take, each storage once.

    Parameters
    ----------
    models : iterable of Model
        The models, of which none is a part of another.
    claims : iterable of Claim
        All claims, the strongest first.
    with_others : bool
        Whether to also add up what belongs to none of the models.
    """

    def __init__(
        self,
        models: Iterable[Model],
        claims: Iterable[Claim],
        *,
        with_others: bool = True,
    ) -> None:
        self._with_others = with_others
        # The layer of each parameter and module, by its address.
        self._layer_of: dict[int, int] = {}
        self._numbers: dict[int, range] = {}
        count = 0
        for model in models:
            self._numbers[id(model)] = range(count, count + len(model.layers))
            for layer in model.layers:
                for owner in (layer.module, *layer.parameters):
                    self._layer_of.setdefault(id(owner), count)
                count += 1
        self._ledger = BufferLedger()
        self._claimed: set[tuple[str, int]] = set()
        # The number of each layer and purpose in the ledger.
        self._owners: dict[tuple[int, str], int] = {}
        self._add_all(list(claims))
        self._splits = self._add_up()

    @property
    def others(self) -> dict[str, Split]:
        """What belongs to none of the models, by location."""
        return dict(self._splits[_NO_LAYER])

    def describe(
        self, model: Model, *, layers: bool, part_of: str | None = None
    ) -> ModelSize:
        """Return the memory of a model.

        Parameters
        ----------
        model : Model
            One of the models.
        layers : bool
            Whether to list its layers.
        part_of : str, optional
            The name of the model that counts it as well.
        """
        numbers = self._numbers[id(model)]
        return ModelSize(
            name=model.found.write_path(model.variable),
            variable=model.variable,
            type=name_type(type(model.found.value)),
            devices=_add_by_device(self._splits[number] for number in numbers),
            layers=tuple(self._list_layers(model)) if layers else (),
            part_of=part_of,
        )

    def _add_all(self, claims: list[Claim]) -> None:
        for claim in claims:
            layer = self._find_layer(claim)
            if claim.purpose in _OWN and layer != _NO_LAYER:
                self._add(claim, layer)
        for claim in claims:
            self._add(claim, self._find_layer(claim))

    def _find_layer(self, claim: Claim) -> int:
        return self._layer_of.get(id(claim.owner), _NO_LAYER)

    def _add(self, claim: Claim, layer: int) -> None:
        for buffer in claim.buffers:
            key = (buffer.device, buffer.address)
            if key not in self._claimed:
                self._claimed.add(key)
                if layer != _NO_LAYER or self._with_others:
                    place = (layer, claim.purpose)
                    owner = self._owners.setdefault(place, len(self._owners))
                    self._ledger.add(buffer, owner, fold=0, weight=1.0)

    def _add_up(self) -> Mapping[int, Mapping[str, Split]]:
        """Return what each layer takes, by location."""
        totals, _ = self._ledger.settle()
        owners = list(self._owners)
        splits: dict[int, dict[str, Split]] = defaultdict(lambda: defaultdict(Split))
        for (owner, device), total in totals.items():
            layer, purpose = owners[owner]
            n_bytes = round(sum(total.bytes_by_fold.values()))
            splits[layer][device] += Split(**{f"{purpose}_bytes": n_bytes})
        return splits

    def _list_layers(self, model: Model) -> Iterator[LayerSize]:
        numbers = self._numbers[id(model)]
        for layer, number in zip(model.layers, numbers, strict=True):
            split = sum(self._splits[number].values(), Split())
            if split.total_bytes:
                kind = name_type(type(layer.module))
                yield LayerSize(name=layer.name, type=kind, split=split)


def _add_by_device(parts: Iterable[Mapping[str, Split]]) -> dict[str, Split]:
    added: dict[str, Split] = defaultdict(Split)
    for part in parts:
        for device, split in part.items():
            added[device] += split
    return dict(added)
