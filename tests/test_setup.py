"""The setup on a machine that lacks something ends with a sentence that says what."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

ENVIRONMENT = Path(__file__).parents[1] / ".ci" / "environment"

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="runs a shell script")


@pytest.mark.parametrize(
    ("lacks", "remedy"),
    [
        ("import sys;", "select one with PYTHON=..., for example: PYTHON=python3.12"),
        ("import ensurepip", "on Debian with: apt install python3-venv"),
    ],
)
def test_python_that_does_not_do(tmp_path: Path, lacks: str, remedy: str) -> None:
    """A Python that is too old, or has no venv, where nothing may be installed."""
    programs = {
        "python": f'case "$2" in "{lacks}"*) exit 1;; esac\nexec {sys.executable} "$@"',
        "apt-get": "exit 1",
        "sudo": "exit 1",
    }
    for name, body in programs.items():
        program = tmp_path / name
        program.write_text(f"#!/bin/sh\n{body}\n")
        program.chmod(0o755)
    ended = subprocess.run(
        [ENVIRONMENT, tmp_path / "venv"],
        env=os.environ | {"PATH": f"{tmp_path}:{os.defpath}", "PYTHON": "python"},
        cwd=ENVIRONMENT.parents[1],
        capture_output=True,
        text=True,
        check=False,
    )
    assert ended.returncode == 1
    (sentence,) = ended.stderr.splitlines()
    assert remedy in sentence
    assert not (tmp_path / "venv").exists()
