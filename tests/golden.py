"""The golden messages of the protocol, which the sidebar's tests read, too."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

GOLDEN = Path(__file__).parent / "fixtures" / "protocol"


def golden(name: str) -> Any:
    """Return a golden message."""
    return json.loads((GOLDEN / f"{name}.json").read_text())
