"""Arrays and frames whose values fit into smaller dtypes."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import partial

from jupyter_memkit.hints.records import Hint
from jupyter_memkit.hints.scene import OutOfTimeError, Scene
from jupyter_memkit.measure.sizes import sizeof
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

    The hint is a preview of the cure, so it reports exactly what the cure does.
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
        saved_bytes = sum(part.before_bytes - part.after_bytes for part in smaller)
        if saved_bytes < _LEAST_BYTES:
            continue
        if saved_bytes < sizeof(value, exact=False).bytes * _LEAST_RATIO:
            continue
        yield Hint(
            kind="dtype",
            name=name,
            found=f"fits into smaller dtypes: {_describe(smaller)}",
            bytes=saved_bytes,
            cure=f"%shrink {name}",
            _call=partial(
                shrink_names, name, namespace=scene.shell.user_ns, shell=scene.shell
            ),
        )


def _describe(parts: Sequence[Part]) -> str:
    """Return the columns that would save the most, with their dtypes."""
    largest = sorted(parts, key=lambda part: part.after_bytes - part.before_bytes)
    changes = [
        f"{part.label} {part.before_dtype} → {part.after_dtype}".strip()
        for part in largest[:_NAMED_COLUMNS]
    ]
    more = len(parts) - _NAMED_COLUMNS
    return ", ".join(changes) + (f" and {more} more" if more > 0 else "")
