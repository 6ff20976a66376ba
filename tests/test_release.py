"""What a release says and supports."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
SCRIPT = Path(".ci", "release_notes.py")

pytestmark = pytest.mark.skipif(
    not (ROOT / ".ci").exists(), reason="an sdist is not released from"
)

CHANGELOG = """# Changelog

## Unreleased

- Not yet.

## 1.2.0 - 2026-05-01

### Added

- A thing.

## 1.1.0

## 1.20.0 - 2027-01-01

- Another.
"""


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A checkout with the script, a changelog and a version."""
    (tmp_path / ".ci").mkdir()
    (tmp_path / "labextension").mkdir()
    (tmp_path / SCRIPT).write_text((ROOT / SCRIPT).read_text())
    (tmp_path / "CHANGELOG.md").write_text(CHANGELOG)
    return tmp_path


def read_notes(checkout: Path, version: str, tag: str) -> tuple[str, str]:
    """Return what the script prints about a version, and how it fails."""
    package = checkout / "labextension" / "package.json"
    package.write_text(f'{{"version": "{version}"}}')
    read = subprocess.run(
        [sys.executable, checkout / SCRIPT, tag],
        capture_output=True,
        text=True,
        check=False,
    )
    assert (read.returncode == 0) == (read.stderr == "")
    return read.stdout, read.stderr


def test_notes_are_the_section_of_the_version(checkout: Path) -> None:
    """The notes are what the changelog says of that version, and no more."""
    notes, _ = read_notes(checkout, "1.2.0", "v1.2.0")
    assert notes == "### Added\n\n- A thing.\n"
    assert read_notes(checkout, "1.20.0", "v1.20.0") == ("- Another.\n", "")


@pytest.mark.parametrize(
    ("version", "tag", "remedy"),
    [
        ("1.2.0", "v1.3.0", "push the tag v1.2.0"),
        ("1.2.0", "1.2.0", "push the tag v1.2.0"),
        ("1.3.0", "v1.3.0", "the heading '## 1.3.0 - YYYY-MM-DD'"),
        ("1.1.0", "v1.1.0", "the heading '## 1.1.0 - YYYY-MM-DD'"),
        ("1.2", "v1.2", "the heading '## 1.2 - YYYY-MM-DD'"),
    ],
)
def test_unfit_release_is_refused(
    checkout: Path, version: str, tag: str, remedy: str
) -> None:
    """A wrong tag and a missing or empty section stop the release with a remedy."""
    notes, error = read_notes(checkout, version, tag)
    assert notes == ""
    assert remedy in error
    assert error.count("\n") == 1
