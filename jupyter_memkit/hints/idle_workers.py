"""Worker processes of joblib that are waiting for the next parallel call."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from jupyter_memkit.hints.records import Hint
from jupyter_memkit.hints.scene import Scene
from jupyter_memkit.measure.workers import find_idle_workers
from jupyter_memkit.techniques.release import free
from jupyter_memkit.track.leaks.hidden import LEAST_BYTES


def find(scene: Scene) -> Iterator[Hint]:
    """Yield a hint for each pool of idle workers."""
    for idle in find_idle_workers():
        n_bytes = idle.read_bytes()
        if n_bytes >= LEAST_BYTES:
            count = len(idle.pids)
            yield Hint(
                kind="workers",
                name=f"{count} worker process{'es' if count > 1 else ''} of joblib",
                found="idle, kept for the next parallel call",
                bytes=n_bytes,
                cure="%memfree --workers",
                _call=partial(free, workers=True, shell=scene.shell),
            )
