"""The tour over HTTP, on a real server with files on disk."""

from __future__ import annotations

import json
import urllib.error
from pathlib import Path

import nbformat
import pytest

from jupyter_memkit.course import find_notebooks
from tests.golden import golden
from tests.lab_server import lab_server


@pytest.mark.traced_children
def test_tour(tmp_path: Path) -> None:
    """The notebooks are among the user's files; one that is there is not replaced."""
    with lab_server(tmp_path) as server:
        (server.root / "memkit-tour").touch()
        with pytest.raises(urllib.error.HTTPError) as failure:
            server.ask("POST", "jupyter_memkit/tour")
        assert "memkit-tour" in json.loads(failure.value.read())["message"]
        (server.root / "memkit-tour").unlink()

        assert server.ask("POST", "jupyter_memkit/tour") == golden("tour")
        for source in find_notebooks():
            copied = nbformat.read(server.root / "memkit-tour" / source.name, 4)
            assert copied == nbformat.read(source, 4)

        mine = server.root / "memkit-tour" / "03_garbage_collection.ipynb"
        mine.write_text("mine")
        (server.root / "memkit-tour" / "04_unloading.ipynb").unlink()
        assert server.ask("POST", "jupyter_memkit/tour") == golden("tour")
        assert mine.read_text() == "mine"
        assert (server.root / "memkit-tour" / "04_unloading.ipynb").exists()
