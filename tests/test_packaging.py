"""The wheel and the sdist, installed and uninstalled."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]

# What is not packaged; other tests write some of it while the checkout is copied.
NOT_COPIED = shutil.ignore_patterns(
    *(".git", ".venv", "node_modules", "lib", "_build", ".*_cache"),
    *("__pycache__", ".coverage*"),
)


@pytest.fixture(scope="module")
def dist(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the wheel and the sdist of this checkout."""
    folder = tmp_path_factory.mktemp("packaging")
    shutil.copytree(ROOT, folder / "checkout", ignore=NOT_COPIED)
    subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "-d", folder / "dist"],
        cwd=folder / "checkout",
        check=True,
    )
    return folder / "dist"


def files_below(folder: Path) -> set[str]:
    """Return the files of an environment, except compiled modules."""
    return {
        str(path.relative_to(folder))
        for path in folder.rglob("*")
        if path.is_file() and path.suffix != ".pyc"
    }


def test_wheel_holds_each_part_once(dist: Path) -> None:
    """The labextension and the start-up file are data, not part of the package."""
    (wheel,) = dist.glob("*.whl")
    names = zipfile.ZipFile(wheel).namelist()
    data = [name.partition(".data/data/")[2] for name in names if ".data/" in name]
    assert "etc/ipython/startup/50-jupyter-memkit.py" in data
    assert "etc/jupyter/jupyter_server_config.d/jupyter_memkit.json" in data
    assert "share/jupyter/labextensions/jupyter-memkit/package.json" in data
    assert "share/jupyter/labextensions/jupyter-memkit/install.json" in data
    assert [n for n in names if n.startswith("jupyter_memkit/labextension")] == []
    assert [n for n in names if n.startswith("jupyter_memkit/etc")] == []
    notebooks = [path.name for path in (ROOT / "notebooks").glob("*.ipynb")]
    assert all(f"share/jupyter_memkit/{name}" in data for name in notebooks)
    assert "jupyter_memkit/py.typed" in names
    assert "jupyter_memkit/widget/static/live.js" in names
    assert "jupyter_memkit/widget/static/live.css" in names


def test_index_accepts_wheel_and_sdist(dist: Path) -> None:
    """The metadata and the README are valid, and the wheel holds nothing misplaced."""
    files = sorted(dist.iterdir())
    assert [file.name.rpartition(".")[2] for file in files] == ["whl", "gz"]
    check([sys.executable, "-m", "twine", "check", "--strict", *files])
    check([sys.executable, "-m", "check_wheel_contents", files[0]])


def check(command: list[str | Path]) -> None:
    """Run a checker, which reports on stdout."""
    checked = subprocess.run(command, capture_output=True, text=True, check=False)
    assert checked.returncode == 0, checked.stdout + checked.stderr


def test_wheel_from_the_sdist_needs_no_node(dist: Path, tmp_path: Path) -> None:
    """The sdist carries the built labextension, and it counts as current."""
    (sdist,) = dist.glob("*.tar.gz")
    with tarfile.open(sdist) as archive:
        # Debian's Python does not support filters; later versions warn without one.
        archive.extraction_filter = getattr(tarfile, "data_filter", None)
        archive.extractall(tmp_path)
    (source,) = tmp_path.iterdir()
    without_node = os.environ | {"PATH": str(tmp_path)}
    subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "-t", "wheel"],
        cwd=source,
        env=without_node,
        check=True,
    )
    (wheel,) = dist.glob("*.whl")
    (again,) = source.glob("dist/*.whl")
    expected = zipfile.ZipFile(wheel).namelist()
    assert sorted(zipfile.ZipFile(again).namelist()) == sorted(expected)


def test_uninstalling_leaves_nothing(dist: Path, tmp_path: Path) -> None:
    """After uninstalling, the environment is as before."""
    environment = tmp_path / "environment"
    subprocess.run(
        [sys.executable, "-m", "venv", "--without-pip", environment], check=True
    )
    before = files_below(environment)
    (wheel,) = dist.glob("*.whl")
    pip = [sys.executable, "-m", "pip", "--python", str(environment), "--quiet"]
    subprocess.run([*pip, "install", "--no-deps", "--no-index", wheel], check=True)
    installed = files_below(environment) - before
    subprocess.run([*pip, "uninstall", "--yes", "jupyter_memkit"], check=True)
    assert len(installed) > 50
    assert files_below(environment) == before
