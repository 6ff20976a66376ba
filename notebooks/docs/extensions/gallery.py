"""Copies the notebooks into the gallery; they are stored without outputs."""

from __future__ import annotations

import shutil
from pathlib import Path

from sphinx.application import Sphinx


def copy_notebooks(app: Sphinx) -> None:
    """Copy those that changed, with their times, which Sphinx compares."""
    gallery = Path(app.srcdir) / "gallery"
    for path in sorted(Path(app.srcdir).parent.glob("*.ipynb")):
        shutil.copy2(path, gallery)


def setup(app: Sphinx) -> dict[str, bool]:
    """Copy the notebooks before Sphinx looks for sources."""
    app.connect("builder-inited", copy_notebooks)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
