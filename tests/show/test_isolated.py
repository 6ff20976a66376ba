"""The report of work in a separate process."""

from __future__ import annotations

from typing import Any

import pytest

from jupyter_memkit.show.isolated import build_report
from jupyter_memkit.techniques.isolated.records import IsolatedResult


def make_result(**fields: Any) -> IsolatedResult:
    """Return a record."""
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
        (
            {"kept": ("a",)},
            "Lost with the process: a. --out a would have returned them.",
        ),
        ({"kept": ("a",), "name": "m"}, "Only in m: a. --out a would return them."),
        (
            {"changed": ("a",)},
            "Changed only in the other process: a. --out a would return them.",
        ),
        ({"deleted": ("a",)}, "Deleted only in the other process: a."),
        ({"imported": ("np",)}, "Imported only in the other process: np."),
        (
            {"apart": (("a", ("b", "c")),)},
            (
                "a was returned as a copy; here it would share objects or memory with "
                "b, c."
            ),
        ),
        (
            {"divided": (("a", ("b", "c")),), "name": "p"},
            (
                "a shares objects or memory with b, c here, but not in p, which had "
                "them already; --in b,c,a sends them as one."
            ),
        ),
        (
            {"outputs": ("f",), "unbound": ("r",)},
            (
                "Returned functions read r, which was not returned; --out f,r would "
                "return both."
            ),
        ),
        (
            {"absent": ("the trace function",)},
            "Not available in the other process: the trace function.",
        ),
        ({"state": ("os.environ",)}, "Changed only in its process: os.environ."),
        (
            {"unlogged": ("QueueHandler",)},
            "Not logged by this kernel's handlers: QueueHandler.",
        ),
        ({"running": ("thread a",)}, "Ended with the process: thread a."),
        ({"running": ("thread a",), "name": "m"}, "Still running in m: thread a."),
        ({}, None),
    ],
)
def test_notes(fields: dict[str, Any], note: str | None) -> None:
    """Each difference from a cell in the kernel has exactly one note."""
    notes = build_report(make_result(**fields)).notes
    assert notes == (() if note is None else (note,))
