"""Arrays and frames whose values fit into smaller dtypes."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import partial

from jupyter_memkit.hints.records import Hint
from jupyter_memkit.hints.scene import OutOfTimeError, Scene
from jupyter_memkit.measure.sizes import Size
from jupyter_memkit.techniques.arrays.preview import preview
from jupyter_memkit.techniques.arrays.records import Part
from jupyter_memkit.techniques.arrays.shrink_names import shrink_names

# Smaller savings are not worth a hint.
_LEAST_BYTES = 1024 * 1024
_LEAST_RATIO = 0.25

# How many columns one hint names.
_NAMED_COLUMNS = 3


def find(scene: Scene) -> Iterator[Hint]:
    """Yield a hint for each variable that `%shrink` makes smaller.

    The hint is a preview of the cure, so it reports exactly what the cure does, except
    that memory which something else keeps too is not freed.
    """
    for name, value in scene.variables.items():
        scene.check_time()
        try:
            parts = preview(value, scene.check_time)
        except OutOfTimeError:
            raise
        except Exception:  # noqa: BLE001 - columns of the user's own types run their code
            parts = ()
        smaller = [part for part in parts if part.after_bytes < part.before_bytes]
        promised_bytes = sum(part.before_bytes - part.after_bytes for part in smaller)
        if promised_bytes < _LEAST_BYTES:
            continue
        size = scene.size_replaced(name)
        if size is None:
            continue
        saved_bytes = _find_saved(parts, smaller, size)
        if saved_bytes < max(_LEAST_BYTES, size.bytes * _LEAST_RATIO):
            continue
        yield Hint(
            kind="dtype",
            name=name,
            found=f"fits into smaller dtypes: {_describe(smaller)}",
            bytes=saved_bytes,
            accuracy="exact" if saved_bytes == promised_bytes else "estimate",
            cure=f"%shrink {name}",
            _call=partial(
                shrink_names, name, namespace=scene.shell.user_ns, shell=scene.shell
            ),
        )


def _find_saved(parts: Sequence[Part], smaller: Sequence[Part], size: Size) -> int:
    """Return how many bytes the cure frees, less those that it takes.

    Memory that something else keeps too is not freed, nor are pages never touched.
    """
    before_bytes = sum(part.before_bytes for part in smaller)
    kept_bytes = sum(part.before_bytes for part in parts) - before_bytes
    own_bytes = size.bytes - size.shared_bytes
    # Which columns are shared is not known, so these are the two lower bounds.
    least_bytes = max(before_bytes - size.shared_bytes, own_bytes - kept_bytes)
    freed_bytes = min(before_bytes, own_bytes, least_bytes)
    return freed_bytes - sum(part.after_bytes for part in smaller)


def _describe(parts: Sequence[Part]) -> str:
    """Return the columns that would save the most, with their dtypes."""
    largest = sorted(parts, key=lambda part: part.after_bytes - part.before_bytes)
    changes = [
        f"{part.label} {part.before_dtype} → {part.after_dtype}".strip()
        for part in largest[:_NAMED_COLUMNS]
    ]
    more = len(parts) - _NAMED_COLUMNS
    return ", ".join(changes) + (f" and {more} more" if more > 0 else "")
