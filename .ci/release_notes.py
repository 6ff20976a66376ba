"""Prints the notes of the release that a tag names: its section of the changelog.

``python .ci/release_notes.py v1.2.3`` fails if the tag is not that of the version, or
if CHANGELOG.md has no section for it.
"""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path


def read_notes(tag: str, root: Path) -> str:
    """Return the section of the changelog on the version of a checkout.

    Parameters
    ----------
    tag : str
        The tag of the release: ``v`` and the version.
    root : Path
        The folder of the checkout.

    Raises
    ------
    SystemExit
        With one sentence that says what to do.
    """
    version = json.loads((root / "labextension" / "package.json").read_text())[
        "version"
    ]
    if tag != f"v{version}":
        sys.exit(
            f"the tag {tag} is not that of the version {version}; change the version "
            f"in labextension/package.json, or push the tag v{version}"
        )
    section = re.search(
        rf"^## {re.escape(version)}(?: [^\n]*)?\n(.*?)(?=^## |\Z)",
        (root / "CHANGELOG.md").read_text(),
        re.DOTALL | re.MULTILINE,
    )
    if section is None or not section[1].strip():
        sys.exit(
            f"CHANGELOG.md says nothing of {version}; give the section of what is "
            f"released the heading '## {version} - YYYY-MM-DD'"
        )
    return section[1].strip()


if __name__ == "__main__":
    sys.stdout.write(read_notes(sys.argv[1], Path(__file__).parents[1]) + "\n")
