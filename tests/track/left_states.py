"""The states that kernels leave which end without a clean shutdown."""

from __future__ import annotations

import json
from typing import Any

from jupyter_memkit.track.last_state import Place

STATE = {
    "session": "notebook.ipynb",
    "kernel_id": "kernel-1",
    "oom_kills": 3,
    # No such process can exist.
    "pid": 1 << 23,
    "started_ticks": "1",
    "t_s": 1000.0,
    "rss_bytes": 3 << 30,
    "children_bytes": 1 << 30,
    "limit_bytes": 8 << 30,
    "limit_name": "cgroup memory.max",
    "growth_bytes_per_s": 2.0**30,
    "execution_count": 7,
    "cell_id": "abc",
    "first_line": "x = load()",
    "started_s": 990.0,
    "variables": [{"name": "x", "bytes": 1 << 30, "accuracy": "at least"}],
}


def leave(place: Place, name: str = "a", **changes: Any) -> None:
    """Write a state as a kernel that died left it, with zeros at the end."""
    text = json.dumps(STATE | changes).encode() + b"\n"
    (place.folder / f"{name}.json").write_bytes(text.ljust(8192, b"\0"))
