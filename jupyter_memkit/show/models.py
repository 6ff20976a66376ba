"""Reports what models take by purpose, and by layer."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import fields

from jupyter_memkit.measure.models import ModelSize, ModelSizes, Split
from jupyter_memkit.show.report import Report
from jupyter_memkit.show.table import Table
from jupyter_memkit.units import format_bytes, format_count

_SHOWN_LAYERS = 50
_NAMES = {
    "parameters_bytes": "parameters",
    "gradients_bytes": "gradients",
    "optimizer_bytes": "optimizer state",
    "buffers_bytes": "buffers",
    "activations_bytes": "activations",
    "tensors_bytes": "tensors",
}


def describe_models(
    variable: str, models: Sequence[ModelSize]
) -> tuple[tuple[str, str], ...]:
    """Return what the models in a variable consist of: labels and values."""
    parts: list[tuple[str, str]] = []
    for model in models:
        if model.variable == variable:
            path = model.name.removeprefix(variable)
            start = f"{path} " if path else ""
            parts += ((f"{start}{label}", value) for label, value in _describe(model))
    return tuple(parts)


def explain_models(models: Iterable[ModelSize], sizes: ModelSizes) -> Iterator[str]:
    """Yield the notes about shown models and the allocators of devices."""
    totals = [model.total for model in models]
    if any(total.optimizer_bytes or total.activations_bytes for total in totals):
        yield (
            "Optimizer state and activations are listed with their model, also those "
            "that other variables hold."
        )
    for cache in sizes.caches:
        place = "pinned host memory" if cache.device == "pinned" else cache.device
        split = (
            f", {format_bytes(cache.split_bytes)} of it in blocks that are partly used"
            if cache.split_bytes
            else ""
        )
        yield (
            f"torch's allocator, {place}: {format_bytes(cache.used_bytes)} in use, "
            f"{format_bytes(cache.free_bytes)} free{split}."
        )
    if not sizes.complete:
        yield "The parts of models are lower bounds: not everything could be read."


def build_model_report(model: ModelSize, sizes: ModelSizes) -> Report:
    """Build the report of one model, by layer."""
    columns = [
        each.name
        for each in fields(Split)
        if any(getattr(layer.split, each.name) for layer in model.layers)
    ]
    largest = sorted(model.layers, key=lambda layer: -layer.split.total_bytes)
    shown = {id(layer) for layer in largest[:_SHOWN_LAYERS]}
    rows = []
    for layer in model.layers:
        if id(layer) in shown:
            parts = [getattr(layer.split, name) for name in columns]
            cells = [format_bytes(n_bytes) if n_bytes else "" for n_bytes in parts]
            kind = layer.type.rpartition(".")[2]
            total = format_bytes(layer.split.total_bytes)
            rows.append((layer.name or "(itself)", total, *cells, kind))
    notes = list(explain_models([model], sizes))
    if len(model.layers) > _SHOWN_LAYERS:
        left = len(model.layers) - _SHOWN_LAYERS
        notes.insert(0, f"Left out: {format_count(left, 'smaller layer')}.")
    if model.total.activations_bytes:
        notes.insert(
            0, "Activations are listed with the nearest layer that has parameters."
        )
    return Report(
        title=f"{model.name}: {format_bytes(model.total.total_bytes)}",
        rows=tuple(_describe(model)),
        table=Table(
            columns=(
                ("layer", "code"),
                ("total", "number"),
                *((_NAMES[name], "number") for name in columns),
                ("type", "text"),
            ),
            rows=tuple(rows),
        ),
        notes=tuple(notes),
    )


def _describe(model: ModelSize) -> Iterator[tuple[str, str]]:
    """Yield the parts of a model that take memory, by location."""
    for each in fields(Split):
        sizes = [
            f"{format_bytes(n_bytes)}{'' if device == 'RAM' else f' on {device}'}"
            for device, split in model.devices.items()
            if (n_bytes := getattr(split, each.name))
        ]
        if sizes:
            yield _NAMES[each.name], " + ".join(sizes)
