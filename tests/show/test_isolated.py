"""What a person reads of work in another process."""

from __future__ import annotations

from typing import Any

import pytest

from jupyter_memkit.show.isolated import build_report
from jupyter_memkit.techniques.isolated.records import IsolatedResult


def make_result(**fields: Any) -> IsolatedResult:
    """Make an account."""
    return IsolatedResult(
        **{
            "duration_s": 1.0,
            "work_s": 0.5,
            "peak_bytes": 1 << 20,
            "exact": True,
            "sent_bytes": 0,
            "received_bytes": 0,
            **fields,
        }
    )


@pytest.mark.parametrize(
    ("fields", "note"),
    [
        ({"kept": ("a",)}, "Not brought back, and gone: a. --out a would have."),
        ({"kept": ("a",), "name": "m"}, "In m alone: a. --out a would bring back."),
        ({"changed": ("a",)}, "Changed there alone: a. --out a would bring back."),
        ({"deleted": ("a",)}, "Deleted there alone: a."),
        ({"imported": ("np",)}, "Imported there alone: np."),
        (
            {"apart": (("a", ("b", "c")),)},
            "a came back as a copy; here it would share objects or memory with b, c.",
        ),
        (
            {"outputs": ("f",), "unbound": ("r",)},
            (
                "Functions that came back read r, which did not; --out f,r would bring "
                "both."
            ),
        ),
        (
            {"absent": ("the trace function",)},
            "Here, and not there: the trace function.",
        ),
        ({"state": ("os.environ",)}, "Changed in its process alone: os.environ."),
        (
            {"unlogged": ("QueueHandler",)},
            "Not logged to the handlers here: QueueHandler.",
        ),
        ({"running": ("thread a",)}, "Ended with the process: thread a."),
        ({"running": ("thread a",), "name": "m"}, "Going on in m: thread a."),
        ({}, None),
    ],
)
def test_notes(fields: dict[str, Any], note: str | None) -> None:
    """Each difference from a cell here is one note, and none where there is none."""
    notes = build_report(make_result(**fields)).notes
    assert notes == (() if note is None else (note,))
