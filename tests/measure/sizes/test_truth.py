"""Sizes agree with the actual growth of fresh processes."""

from __future__ import annotations

import sys

import pytest

from tests.measure.sizes import truth

NAMES = [
    pytest.param(name, marks=pytest.mark.ml) if name == "tensors" else name
    for name in truth.CASES
    if name != "memmap"
]

pytestmark = pytest.mark.skipif(
    sys.platform != "linux", reason="elsewhere the growth is not known so well"
)


@pytest.mark.parametrize("name", NAMES)
def test_truth(name: str) -> None:
    """A size is within two percent of the growth, and an estimate within five."""
    figures = truth.run(name)
    assert figures["exact"] == pytest.approx(figures["grown"], rel=0.02)
    assert figures["estimate"] == pytest.approx(figures["exact"], rel=0.05)
    # No library shows how long the allocation behind a polars column is.
    assert figures["is_exact"] is not name.startswith("polars")
    # An index has free buckets that are untouched.
    untouched = {"untouched"} if name == "searched_index" else set[str]()
    assert figures["elsewhere"].keys() <= untouched


def test_memmap() -> None:
    """A mapped file takes no memory until it is read, and is reported separately."""
    figures = truth.run("memmap")
    assert figures["grown"] < truth.MIB
    assert figures["exact"] < 10_000
    assert figures["elsewhere"] == {"disk": 76 * truth.MIB}
