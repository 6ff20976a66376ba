"""The tour over HTTP, on a real server with files on disk."""

from __future__ import annotations

import json
import os
import shutil
import urllib.error
from pathlib import Path

import nbformat
import pytest

from jupyter_memkit.course import find_notebooks
from tests.golden import golden
from tests.lab_server import LabServer, lab_server


def refusal(server: LabServer) -> str:
    """Return the message of a request that fails."""
    with pytest.raises(urllib.error.HTTPError) as failure:
        server.ask("POST", "jupyter_memkit/tour")
    message: str = json.loads(failure.value.read())["message"]
    return message


@pytest.mark.traced_children
def test_tour(tmp_path: Path) -> None:
    """The notebooks are among the user's files; one that is there is not replaced."""
    incomplete = tmp_path / "packages" / "jupyter_memkit-0.dist-info"
    incomplete.mkdir(parents=True)
    paths = [str(incomplete.parent), *filter(None, [os.environ.get("PYTHONPATH")])]
    environment = {"PYTHONPATH": os.pathsep.join(paths)}
    with lab_server(tmp_path, environment=environment) as server:
        (incomplete / "METADATA").write_text("Name: jupyter_memkit")
        assert "has no notebooks; install it from PyPI" in refusal(server)
        shutil.rmtree(incomplete)

        (server.root / "memkit-tour").touch()
        assert "memkit-tour" in refusal(server)
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
