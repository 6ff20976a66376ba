"""Makes random files of JSON lines, as found in the wild, from seeds."""

from __future__ import annotations

import json
import random
from collections.abc import Callable
from typing import Any

Make = Callable[[random.Random], Any]

KINDS: tuple[Make, ...] = (
    lambda rng: rng.randrange(-50, 1_000),
    lambda rng: rng.randrange(-50, 1_000),
    lambda rng: 880_000_000_000_000_000 + rng.randrange(10**9),
    lambda rng: 2**63 + rng.randrange(10**6),
    lambda rng: rng.choice((0.5, 1.0, -2.25, 1e300, 1e19)),
    lambda rng: rng.random() < 0.5,
    lambda rng: rng.choice(("red", "007", "1.5", "", "caf\u00e9", "a\nb", '"', "null")),
    lambda rng: f"2024-01-{rng.randrange(1, 29):02d}",
    lambda _: None,
    lambda rng: rng.choice((1, "x", 2.5, True, None)),
)


def make_lines(seed: int) -> bytes:
    """Return the content of the file of a seed."""
    rng = random.Random(seed)
    n_rows = rng.choice((1, 2, 5, 20, 40, 80))
    columns = {f"c{n}": _make_column(rng, n_rows) for n in range(rng.randrange(1, 6))}
    lines = []
    is_tidy = rng.random() < 0.9
    for number in range(n_rows):
        row = {n: values[number] for n, values in columns.items() if number in values}
        text = json.dumps(row, ensure_ascii=rng.random() < 0.5)
        if not is_tidy and rng.random() < 0.05:
            text = rng.choice((text[:-1], f"[{text}]", "", "  ", text * 2, "1"))
        lines.append(text + rng.choice(("", "", " ")))
    end = rng.choice(("\n", "\n", "\r\n", "\n\n"))
    return (end.join(lines) + rng.choice((end, ""))).encode()


def _make_column(rng: random.Random, n_rows: int) -> dict[int, Any]:
    """Return values by row: of one type, some missing, and of another type later."""
    kind, late = rng.choice(KINDS), rng.choice(KINDS)
    change = rng.randrange(n_rows + 1) if rng.random() < 0.3 else n_rows
    is_single = rng.random() < 0.5
    absent = rng.choice((0.0, 0.0, 0.02, 0.3))
    first = 0 if rng.random() < 0.9 else rng.randrange(n_rows)
    values = {}
    for row in range(first, n_rows):
        is_late = row == change if is_single else row >= change
        if rng.random() >= absent:
            values[row] = (late if is_late else kind)(rng)
    return values
