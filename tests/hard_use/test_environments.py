"""Every magic works in unusual environments."""

from __future__ import annotations

import os
import resource
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pandas as pd
import pytest

SCRIPT = Path(__file__).with_name("every_magic.py")

C_LOCALE = {
    "LC_ALL": "C",
    "LANG": "C",
    "PYTHONUTF8": "0",
    "PYTHONCOERCECLOCALE": "0",
}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with a table."""
    table = pd.DataFrame({"a": range(1000), "b": [0.5] * 1000})
    table.to_csv(tmp_path / "table.csv", index=False)
    return tmp_path


def call_every_magic(
    folder: Path,
    *arguments: str,
    flags: tuple[str, ...] = (),
    environment: dict[str, str] | None = None,
    prepare: Callable[[], None] | None = None,
) -> list[str]:
    """Return what failed; the last line is "finished" unless the process died."""
    done = subprocess.run(
        [sys.executable, *flags, str(SCRIPT), str(folder), *arguments],
        env=dict(os.environ) | (environment or {}),
        preexec_fn=prepare,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    return done.stdout.splitlines()


@pytest.mark.parametrize(
    "flags",
    [(), ("-O",), ("-OO",), ("-X", "dev"), ("-W", "error"), ("-B", "-s")],
    ids=" ".join,
)
def test_flags_of_python(folder: Path, flags: tuple[str, ...]) -> None:
    """Neither without assertions nor with all warnings as errors does one fail."""
    assert call_every_magic(folder, flags=flags) == ["finished"]


@pytest.mark.parametrize(
    "environment", [C_LOCALE, {"HOME": "/dev/null/home"}], ids=["locale", "home"]
)
def test_variables(folder: Path, environment: dict[str, str]) -> None:
    """Nor in the C locale, nor without a home."""
    lines = call_every_magic(folder, environment=environment)
    # IPython warns that there is no home, also in the processes of `%%isolated`.
    assert lines[-1] == "finished"
    ours = [line for line in lines if "IPython" not in line and "Isolated" not in line]
    assert not [line for line in ours if "Error" in line or "Traceback" in line]


@pytest.mark.parametrize(
    ("limit", "most"),
    [(resource.RLIMIT_NOFILE, 64), (resource.RLIMIT_AS, 4 << 30)],
    ids=["files", "addresses"],
)
def test_limits(folder: Path, limit: int, most: int) -> None:
    """Nor with 64 open files, nor with 4 GiB of addresses."""
    lines = call_every_magic(
        folder, prepare=lambda: resource.setrlimit(limit, (most, most))
    )
    assert lines == ["finished"]


def test_deleted_folder(folder: Path) -> None:
    """In a deleted working directory only a new shell cannot start, with a remedy."""
    lines = call_every_magic(folder, "without-folder")
    refused = [line for line in lines if "the working directory was deleted" in line]
    assert [line.partition("\\n")[0] for line in refused] == [
        "'%%isolated --out total",
        "'%%isolated --name kept",
    ]
    rest = [line for line in lines if line not in refused]
    closing = "'%isolated --close kept': UsageError: there is no process kept; none"
    assert [line.startswith(closing) for line in rest] == [True, False]
    assert rest[-1] == "finished"


@contextmanager
def small_disk(folder: Path) -> Iterator[Path]:
    """Mount a disk of 2 MiB, which only root may."""
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=2M", "tmpfs", str(folder)]
    if subprocess.run(mount, capture_output=True, check=False).returncode != 0:
        pytest.skip("mounting a disk needs root")
    try:
        yield folder
    finally:
        subprocess.run(["umount", "--lazy", str(folder)], check=True)


def test_full_disk(folder: Path, tmp_path: Path) -> None:
    """With a small disk for temporary files, large data goes elsewhere."""
    with small_disk(tmp_path / "disk") as disk:
        lines = call_every_magic(folder, environment={"TMPDIR": str(disk)})
        assert lines[-1] == "finished"
        assert [line for line in lines[:-1] if "UsageError" not in line] == []
        # In a terminal `%memplot` writes its picture there.
        assert [path.suffix for path in disk.iterdir()] == [".png"]
