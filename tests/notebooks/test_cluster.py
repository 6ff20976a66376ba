"""The notebook about clusters."""

from __future__ import annotations

from pathlib import Path

from tests.notebooks.executing import execute

CHECKS = """\
assert here.loc["all"].shape == (16, 100)
assert here.sum().between(400_000, 412_000).all(), here.sum()
assert 57_500 < here.loc["all"].loc["UA"].mean() < 58_500
assert order[-1] == "F9" and low["F9"] < high["FL"], (low, high)
# A chunk is read when a worker will soon need it.
ahead = max(n - sum(done <= s for done in done_s) for n, s in enumerate(read_s, 1))
assert 2 <= ahead <= 6, ahead
assert client.status == "closed"
assert not Path(folder.name).exists()
"""


def test_cluster(tmp_path: Path) -> None:
    """A cluster gives the results of the kernel, even if it loses a worker."""
    shown = execute("07_cluster", tmp_path, CHECKS)
    for place in ("here", "workers", "dask"):
        assert "24 chunks, 336,776 rows" in shown[place]
    assert shown["lost-check"] == "(True, 336776)"
    assert "in late_minutes, which chunks in other" in shown["accumulate-run"]
    assert shown["reduce-check"] == "'10 years of waiting'"
