"""Reports the variables by their true sizes."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from jupyter_memkit.measure.models import ModelSize
from jupyter_memkit.measure.sizes import Size
from jupyter_memkit.measure.sizes.parts import UNTOUCHED
from jupyter_memkit.show.accuracy import SIGNS
from jupyter_memkit.show.models import (
    build_model_report,
    describe_models,
    explain_models,
)
from jupyter_memkit.show.report import Report
from jupyter_memkit.show.table import Table
from jupyter_memkit.track.remainder import Remainder
from jupyter_memkit.track.variables import Variable, Variables
from jupyter_memkit.units import format_bytes

_SHOWN = 50
_REMAINDER = "not in variables"
# A smaller share comes from numbers and strings that happen to be the same objects.
_SHOWN_SHARED_BYTES = 1024


def build_report(listed: Variables) -> Report:
    """Build the report of the variables."""
    names = [each.name for each in listed.variables]
    by_layer = [model for model in listed.models.models if model.layers]
    if len(names) == 1 and [model.variable for model in by_layer].count(names[0]) == 1:
        (model,) = (model for model in by_layer if model.variable == names[0])
        return build_model_report(model, listed.models)
    count = len(names)
    noun = "variable" if count == 1 else "variables"
    return Report(
        title=(
            f"{count} {noun}; {format_bytes(listed.total_bytes)} together"
            + (f" with {listed.left_out} more" if listed.left_out else "")
        ),
        table=(
            _build_table(
                listed.variables[:_SHOWN], listed.remainder, listed.models.models
            )
            if count or listed.remainder
            else None
        ),
        notes=tuple(_build_notes(listed)),
    )


def format_size(size: Size) -> str:
    """Format a size with its accuracy and its location."""
    parts = []
    if size.bytes or not size.elsewhere:
        parts.append(f"{SIGNS[size.accuracy]}{format_bytes(size.bytes)}")
    parts += [
        f"{format_bytes(n_bytes)} {_name_place(device)}"
        for device, n_bytes in size.elsewhere.items()
        if n_bytes
    ]
    return " + ".join(parts)


def describe_shape(shape: tuple[int, ...] | None) -> str:
    """Format a shape; empty if there is none."""
    return " x ".join(f"{length:,}" for length in shape) if shape else ""


def _name_place(device: str) -> str:
    return device if device == UNTOUCHED else f"on {device}"


def _build_table(
    variables: Iterable[Variable],
    remainder: Remainder | None,
    models: Sequence[ModelSize],
) -> Table:
    rows, keys, parts = [], [], {}
    for number, each in enumerate(variables):
        parts[number] = describe_models(each.name, models)
        size, shape = each.size, each.shape
        shared = size.shared_bytes if size.shared_bytes >= _SHOWN_SHARED_BYTES else 0
        rows.append(
            (
                each.name,
                format_size(size),
                format_bytes(shared) if shared else "",
                each.type,
                describe_shape(shape),
                f"[{each.made_in}]" if each.made_in else "",
            )
        )
        length = float(shape[0]) if shape else -1.0
        made_in = float(each.made_in or 0)
        keys.append(
            (
                each.name,
                float(size.everywhere_bytes),
                float(shared),
                each.type,
                length,
                made_in,
            )
        )
    last: tuple[str, ...] = ()
    if remainder is not None:
        text = format_bytes(max(0, remainder.bytes))
        last = (_REMAINDER, text, "", "", "", "")
    return Table(
        columns=(
            ("name", "code"),
            ("size", "number"),
            ("shared", "number"),
            ("type", "text"),
            ("shape", "number"),
            ("cell", "number"),
        ),
        rows=tuple(rows),
        keys=tuple(keys),
        last=last,
        parts=parts,
    )


def _build_notes(listed: Variables) -> Iterable[str]:
    if listed.remainder is not None:
        yield _explain(listed.remainder)
    shown = listed.variables[:_SHOWN]
    if len(listed.variables) > _SHOWN:
        left = len(listed.variables) - _SHOWN
        noun, verb = ("variable", "is") if left == 1 else ("variables", "are")
        yield f"{left} smaller {noun} {verb} not shown; name them, or lower --min SIZE."
    if any(each.size.shared_bytes >= _SHOWN_SHARED_BYTES for each in shown):
        yield "Shared: memory that other variables hold as well."
    shown_names = {each.name for each in shown}
    models = [each for each in listed.models.models if each.variable in shown_names]
    yield from explain_models(models, listed.models)
    errors = [each.size.error_ratio for each in shown if not each.size.exact]
    known = [error for error in errors if error]
    if known:
        yield (
            f"≈: estimated from a sample, to ±{max(0.01, *known):.0%} or better; "
            "--exact visits every object."
        )
    if None in errors:
        yield "≥: the time limit was reached; --exact or --budget counts more."
    opaque = sorted({kind for each in shown for kind in each.size.opaque})
    if opaque:
        names = ", ".join(opaque[:3]) + (" and others" if len(opaque) > 3 else "")
        yield (
            f"≥: {names} may hold memory that Python cannot see; "
            "@memkit.sizer adds the size of a type."
        )


def _explain(remainder: Remainder) -> str:
    """Describe the memory that is in no variable."""
    if remainder.bytes < 0:
        return (
            f"{format_bytes(-remainder.bytes)} of the variables are not resident: they "
            "were never written to, or are in swap."
        )
    parts = [f"{format_bytes(each)} {name}" for name, each in remainder.parts.items()]
    parts.append(f"{format_bytes(remainder.other_bytes)} Python, libraries and scripts")
    return "Not in variables: " + ", ".join(parts) + "."
