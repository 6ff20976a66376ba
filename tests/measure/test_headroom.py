"""What counts against a limit."""

from __future__ import annotations

import sys
from pathlib import Path

import psutil
import pytest

from jupyter_memkit.measure.headroom import read_use
from jupyter_memkit.measure.limits import read_limits
from jupyter_memkit.measure.temporary_limit import mark_temporary


@pytest.mark.parametrize(
    ("use", "statistics"),
    [
        ("memory.current", "anon 10\ninactive_file 200\nactive_file 100\n"),
        (
            "memory.usage_in_bytes",
            "active_file 1\ntotal_inactive_file 200\ntotal_active_file 100\n",
        ),
    ],
)
def test_cgroup(tmp_path: Path, use: str, statistics: str) -> None:
    """File pages that the system can take back do not count, in both versions."""
    (tmp_path / use).write_text("1000\n")
    (tmp_path / "memory.stat").write_text(statistics)
    assert read_use(f"cgroup:{tmp_path}", 5) == 700


def test_cgroup_that_is_gone(tmp_path: Path) -> None:
    """A cgroup without figures is an error, not zero."""
    with pytest.raises(ValueError, match="does not report"):
        read_use(f"cgroup:{tmp_path}", 5)


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_machine() -> None:
    """Of the machine's memory, all that is not available counts."""
    memory = psutil.virtual_memory()
    use = read_use("machine", 5)
    assert abs(use - (memory.total - memory.available)) < memory.total / 10


def test_own_limit_is_not_reported(tmp_path: Path) -> None:
    """A limit that was lowered here for a while is not one of the machine."""
    (tmp_path / "self").mkdir()
    for soft, count in ((1 << 30, 1), (mark_temporary(1 << 30), 0)):
        line = f"Max data size             {soft}            unlimited            bytes"
        (tmp_path / "self" / "limits").write_text(line + "\n")
        names = [limit.name for limit in read_limits(tmp_path, {})]
        assert names.count("RLIMIT_DATA") == count
