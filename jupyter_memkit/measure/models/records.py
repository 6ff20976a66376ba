"""What models take, as `model_sizes` returns it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields

from jupyter_memkit.records import Record


@dataclass(frozen=True, slots=True, kw_only=True)
class Split(Record):
    """The memory of a model by its purpose, in bytes, each storage counted once.

    Attributes
    ----------
    parameters_bytes : int
        Its parameters.
    gradients_bytes : int
        Their gradients.
    optimizer_bytes : int
        What optimizers keep for them, such as Adam's moments.
    buffers_bytes : int
        Its buffers, and tensors in plain attributes.
    activations_bytes : int
        What live graphs keep for a backward pass, apart from all of the above and from
        tensors in variables.
    tensors_bytes : int
        Tensors in variables, outside of models.
    """

    parameters_bytes: int = 0
    gradients_bytes: int = 0
    optimizer_bytes: int = 0
    buffers_bytes: int = 0
    activations_bytes: int = 0
    tensors_bytes: int = 0

    @property
    def total_bytes(self) -> int:
        """The sum."""
        return sum(getattr(self, each.name) for each in fields(self))

    def __add__(self, other: Split) -> Split:
        """Add up two."""
        return Split(
            **{
                each.name: getattr(self, each.name) + getattr(other, each.name)
                for each in fields(self)
            }
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class LayerSize(Record):
    """What a layer of a model takes.

    Attributes
    ----------
    name : str
        Its path in the model, such as ``encoder.0``; empty for the model itself.
    type : str
        The name of its type.
    split : Split
        What it takes itself, without the layers in it, on all devices. Activations
        belong to the layer whose parameters are nearest in the graph.
    """

    name: str
    type: str
    split: Split


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelSize(Record):
    """What a model takes.

    Attributes
    ----------
    name : str
        How it is reached: ``net``, ``trainer.model``.
    variable : str
        The variable.
    type : str
        The name of its type.
    devices : mapping of str to Split
        What it takes by location: ``"RAM"``, ``"cuda:0"``, ``"disk"`` for mapped files,
        ``"untouched"`` for pages that were never written to.
    layers : tuple of LayerSize
        Its layers that take memory, in the order of the model.
    part_of : str or None
        The name of another model that contains this one, or is the same one in another
        variable, and counts it as well; None if there is none.
    """

    name: str
    variable: str
    type: str
    devices: Mapping[str, Split]
    layers: tuple[LayerSize, ...] = ()
    part_of: str | None = None

    @property
    def total(self) -> Split:
        """The sum over all locations."""
        return sum(self.devices.values(), Split())


@dataclass(frozen=True, slots=True, kw_only=True)
class DeviceCache(Record):
    """Memory that torch's allocator holds on a device, or as pinned host memory.

    Attributes
    ----------
    device : str
        ``"cuda:0"``, or ``"pinned"`` for host memory that is locked for transfers.
    used_bytes : int
        The part that tensors use.
    free_bytes : int
        The part that is free and kept for the next tensors.
    split_bytes : int
        The part of `free_bytes` in blocks of which another part is in use: it cannot be
        returned to the driver, which is fragmentation.
    """

    device: str
    used_bytes: int
    free_bytes: int
    split_bytes: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelSizes(Record):
    """What the models, optimizers and tensors of a namespace take.

    Attributes
    ----------
    models : tuple of ModelSize
        The models of each variable, the largest first. One that another variable's
        model contains is listed as well, with `part_of`.
    others : mapping of str to Split
        Tensors, optimizers and graphs that belong to none of them, by location.
    caches : tuple of DeviceCache
        What the allocators of devices hold.
    complete : bool
        Whether everything was read; otherwise the figures are lower bounds.
    """

    models: tuple[ModelSize, ...] = ()
    others: Mapping[str, Split] = field(default_factory=dict)
    caches: tuple[DeviceCache, ...] = ()
    complete: bool = True

    @property
    def total(self) -> Split:
        """The sum over everything, each storage once."""
        wholes = (model.total for model in self.models if model.part_of is None)
        return sum((*wholes, *self.others.values()), Split())
