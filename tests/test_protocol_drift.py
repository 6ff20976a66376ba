"""The TypeScript protocol is generated from the Python one."""

from __future__ import annotations

from tests import protocol_codegen


def test_protocol_ts_is_up_to_date() -> None:
    """The committed protocol.ts is the generator's output."""
    assert protocol_codegen.TARGET.read_text() == protocol_codegen.generate(), (
        "run: python -m tests.protocol_codegen"
    )
