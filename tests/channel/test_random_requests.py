"""Whatever a client sends on the control channel, it gets one reply.

``MEMKIT_RANDOM_REQUESTS`` sets the number of requests, ``MEMKIT_RANDOM_REQUESTS_FROM``
the first seed.
"""

from __future__ import annotations

import json
import math
import os
import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from jupyter_memkit import protocol
from tests.golden import GOLDEN
from tests.real_kernel import RealKernel, real_kernel

N_REQUESTS = int(os.environ.get("MEMKIT_RANDOM_REQUESTS", "60"))
FIRST_SEED = int(os.environ.get("MEMKIT_RANDOM_REQUESTS_FROM", "0"))

_VALID = tuple(
    json.loads((GOLDEN / f"{name}.json").read_text())
    for name in (
        *("act", "ask_hints", "ask_holders", "ask_state", "ask_variables"),
        *("subscribe", "unsubscribe"),
    )
)
_VALUES: tuple[Any, ...] = (
    *(None, True, False, 0, 1, -1, 1.5, 1e308, 10**30, "", "rows", "rows.copy()"),
    *("__import__('os')._exit(1)", "x" * 10_000, "é", "名", "\0", "<b>", [], {}, [[]]),
    *({"type": "state"}, ["state"], "state", "variables", "delete", "\ud800", math.nan),
)


@pytest.fixture
def kernel(tmp_path: Path) -> Iterator[RealKernel]:
    """A kernel with some variables."""
    with real_kernel(tmp_path) as kernel:
        kernel.run("rows = [[n] for n in range(1000)]\ntext = 'memory'")
        yield kernel


def test_random_requests(kernel: RealKernel) -> None:
    """Each reply is of a known type and short, and no variable changes."""
    identities = "print([(name, id(globals()[name])) for name in ('rows', 'text')])"
    before = kernel.run(identities)
    faults = []
    for seed in range(FIRST_SEED, FIRST_SEED + N_REQUESTS):
        request = draw_request(random.Random(seed))
        # As any client could, with values that ours would refuse to encode.
        reply = kernel.request(json.dumps(request).encode())
        is_known = reply.get("protocol") == protocol.PROTOCOL_VERSION
        if not is_known or len(json.dumps(reply)) > 100_000:
            faults.append((seed, request, reply))
        if seed % 100 == 0:
            # Reads the status messages, of which the socket keeps only so many.
            kernel.run("pass")
    assert faults == []
    assert kernel.run(identities) == before


def draw_request(chance: random.Random) -> Any:
    """Change a valid request in some places, or draw any value."""
    if chance.random() < 0.1:
        return chance.choice(_VALUES)
    request = dict(chance.choice(_VALID))
    for _ in range(chance.randrange(4)):
        key = chance.choice([*request, "name", "token", "type", "protocol", "new"])
        if chance.random() < 0.2:
            request.pop(key, None)
        else:
            request[key] = chance.choice(_VALUES)
    return request
