"""Starts a small helper process that is not a child of this one.

Code of users waits for its children, with ``os.wait()`` for one. A helper that runs as
long as the kernel must not be among them. So it leaves the process that starts it, with
a second fork, and this module waits only for the first.
"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Collection
from pathlib import Path

from jupyter_memkit.errors import MemkitError
from jupyter_memkit.techniques.processes.start_errors import explain_start_error

# Without site-packages and without the package's own start, an interpreter is small.
_START = """
import sys
sys.path[:] = {path!r}
package = sys.modules["jupyter_memkit"] = type(sys)("jupyter_memkit")
package.__path__ = [{folder!r}]
from {module} import main
main{arguments!r}
"""

_PACKAGE = Path(__file__).parents[2]


def start_detached(
    module: str, arguments: tuple[object, ...], descriptors: Collection[int]
) -> None:
    """Run the function ``main`` of a module in a process that is not a child.

    Parameters
    ----------
    module : str
        A module of this package, which imports little. Its ``main`` forks, lets the
        first process exit, and continues in the second.
    arguments : tuple
        What ``main`` is called with; values whose repr is their expression.
    descriptors : collection of int
        Files of this process that it inherits.

    Raises
    ------
    MemkitError
        If the process cannot be started.
    """
    is_linux = sys.platform == "linux"
    start = _START.format(
        # Elsewhere it needs psutil.
        path=[each for each in sys.path if is_linux is False or not _is_site(each)],
        folder=str(_PACKAGE),
        module=module,
        arguments=arguments,
    )
    options = ["-I", "-S"] if is_linux else ["-I"]
    try:
        done = subprocess.run(  # noqa: S603 - this Python, our own code
            [sys.executable, *options, "-c", start],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            pass_fds=descriptors,
            # Ctrl-C in a terminal goes to a whole session.
            start_new_session=True,
            cwd="/",
            check=False,
        )
    except OSError as error:
        message = explain_start_error(error)
        raise MemkitError(message) from error
    if done.returncode != 0:
        message = f"the process failed to start: {done.stderr.decode()[-500:]}"
        raise MemkitError(message)


def _is_site(folder: str) -> bool:
    return "site-packages" in folder or folder == ""
