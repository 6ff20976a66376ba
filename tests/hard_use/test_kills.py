"""A process that is killed at any moment of a magic leaves nothing behind.

``MEMKIT_KILLS=500`` kills so many.
"""

from __future__ import annotations

import contextlib
import os
import random
import subprocess
import sys
import time
import uuid
from pathlib import Path

import psutil
import pytest

from tests.hard_use.every_magic import CALLS
from tests.waiting import wait_until

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")

COUNT = int(os.environ.get("MEMKIT_KILLS", str(len(CALLS))))
SCRIPT = Path(__file__).with_name("every_magic.py")
TABLE = "a,b\n" + "1,2\n" * 1000
# Marks a process and all that it starts.
_SIGN = "MEMKIT_TEST_SIGN"


def find_processes(sign: str) -> list[int]:
    """Return the processes with a sign in their environment, zombies left out."""
    found = []
    for process in psutil.process_iter():
        # It may have ended, or belong to another user.
        with contextlib.suppress(psutil.Error):
            if process.environ().get(_SIGN) == sign:
                found.append(process.pid)
    return found


def kill_during(number: int, folder: Path, delay: float) -> None:
    """Make a call until it has worked once, then kill it in a repetition.

    Parameters
    ----------
    number : int
        The call's number in `CALLS`.
    folder : Path
        Where its files are.
    delay : float
        When it is killed, as a part of the time that a repetition takes.
    """
    temporary = folder / "temporary"
    temporary.mkdir(exist_ok=True)
    sign = str(uuid.uuid4())
    process = subprocess.Popen(
        [sys.executable, str(SCRIPT), str(folder), str(number)],
        env=dict(os.environ) | {"TMPDIR": str(temporary), _SIGN: sign},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    for _ in range(2):  # The first call imports.
        started_s = time.monotonic()
        line = process.stdout.readline()
        assert line, process.communicate()[1]
    time.sleep(delay * (time.monotonic() - started_s))
    process.kill()
    process.communicate()
    wait_until(lambda: find_processes(sign) == [])


def test_kills(tmp_path: Path) -> None:
    """No process and no file is left, and written files are whole."""
    moments = random.Random(1)
    (tmp_path / "table.csv").write_text(TABLE)
    (tmp_path / "a.html").write_text("</html>")
    for kill in range(COUNT):
        kill_during(kill % len(CALLS), tmp_path, moments.random())
        assert (tmp_path / "table.csv").read_text() == TABLE
        assert (tmp_path / "a.html").read_text().rstrip().endswith("</html>")
    # The next process that needs such files removes those of killed ones.
    temporary = tmp_path / "temporary"
    done = subprocess.run(
        [sys.executable, str(SCRIPT), str(tmp_path)],
        env=dict(os.environ) | {"TMPDIR": str(temporary)},
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )
    assert done.stdout == "finished\n"
    # A terminal's `%memplot` writes its picture there.
    left = [path.name for path in temporary.iterdir() if path.suffix != ".png"]
    assert left == [], left
