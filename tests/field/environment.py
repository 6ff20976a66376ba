"""Where the tests of the field run: an environment and a home of their own."""

from __future__ import annotations

import os
import signal
import subprocess
from pathlib import Path

# `make field` installs the extension and the field there.
PYTHON = Path(__file__).parents[2] / ".venv/field/bin/python"

_PLUGINS = Path(__file__).with_name("plugins")
_CANARY = "print('jupyter_memkit' in get_ipython().extension_manager.loaded)"


def run_python(
    *arguments: str, folder: Path, home: Path, loaded: bool, limit_s: float
) -> str:
    """Run Python in a home, and return what it printed.

    Parameters
    ----------
    *arguments : str
        The arguments of Python.
    folder : Path
        The working directory.
    home : Path
        The home; whatever configuration it has applies.
    loaded : bool
        Whether kernels load the extension.
    limit_s : float
        After this many seconds it is ended, with what it has started.
    """
    environment = {
        "HOME": str(home),
        "JUPYTER_MEMKIT_AUTOLOAD": str(int(loaded)),
        "LANG": "C.UTF-8",
        "PATH": os.pathsep.join([str(PYTHON.parent), "/usr/bin", "/bin"]),
        "PYTHONPATH": str(_PLUGINS),
    }
    process = subprocess.Popen(
        [PYTHON, *arguments],
        cwd=folder,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
        start_new_session=True,
    )
    try:
        return process.communicate(timeout=limit_s)[0]
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        return process.communicate()[0] + f"\nended after {limit_s:.0f} s"


def check_loading(folder: Path) -> None:
    """Check that a kernel has the extension exactly where it should.

    Raises
    ------
    RuntimeError
        If both ways would run the same.
    """
    canary = folder / "canary.py"
    canary.write_text(_CANARY)
    for loaded in (False, True):
        arguments = ("-m", "jupyter", "run", str(canary))
        shown = run_python(
            *arguments, folder=folder, home=folder, loaded=loaded, limit_s=120
        )
        if shown.split()[-1:] != [str(loaded)]:
            message = f"a kernel where it should be {loaded} that it is loaded: {shown}"
            raise RuntimeError(message)
