"""``%memguard`` and the programs that a stopped cell has started."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from tests.guarded_kernel import GuardedKernel, has_ended
from tests.magics.guarding import armed
from tests.waiting import wait_until

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="has both belts there")


@pytest.fixture
def kernel(unarmed: GuardedKernel) -> Iterator[GuardedKernel]:
    """The shared kernel with the guard armed, and a program of an earlier cell."""
    with armed(unarmed) as guarded:
        guarded.run("import subprocess\nx_older = subprocess.Popen(['sleep', '1000'])")
        yield guarded
        guarded.run("print(x_older.poll()); x_older.kill(); x_older.wait()")


# Fills 330 MB, which leaves the cells after it their leeway, and waits.
FILL = (
    "import time\nx = []\nwhile len(x) < 330: x.append(b'x' * 1_000_000)\n"
    "time.sleep(1000)\n"
)


@pytest.fixture
def script(tmp_path: Path) -> Path:
    """A program that fills memory."""
    path = tmp_path / "fill.py"
    path.write_text(FILL)
    return path


def find_others(kernel: GuardedKernel) -> list[psutil.Process]:
    """Return the kernel's programs that run, but for that of an earlier cell."""
    children = psutil.Process(kernel.pid).children(recursive=True)
    running = [each for each in children if not has_ended(each.pid)]
    return [each for each in running if each.name() != "sleep"]


@pytest.fixture
def patient(kernel: GuardedKernel) -> Iterator[GuardedKernel]:
    """The kernel, which waits for programs until they have ended."""
    module = "jupyter_memkit.techniques.guard.programs"
    kernel.run(f"import {module} as x_programs; x_wait_s = x_programs._LONGEST_END_S")
    kernel.run("x_programs._LONGEST_END_S = 600.0")
    yield kernel
    kernel.run("x_programs._LONGEST_END_S = x_wait_s")


CELLS = {
    "a line of the shell": "!{python} {script}",
    "a cell of the shell": "%%bash\n{python} {script}\ntrue",
    "a call that blocks signals": "import os; os.system('{python} {script}')",
    "a process that is waited for": (
        "subprocess.Popen(['{python}', '{script}']).wait()"
    ),
    "forks": (
        "import multiprocessing\nx_code = open('{script}').read()\n"
        "x_forks = [multiprocessing.Process(target=exec, args=(x_code,))"
        " for _ in range(2)]\n"
        "for each in x_forks: each.start()\nfor each in x_forks: each.join()"
    ),
    "a pool": (
        "from concurrent.futures import ProcessPoolExecutor\n"
        "x_code = open('{script}').read()\n"
        "with ProcessPoolExecutor(2) as x_pool: list(x_pool.map(exec, [x_code] * 2))"
    ),
}


@pytest.mark.parametrize("code", CELLS.values(), ids=CELLS)
def test_programs_end_with_the_cell(
    patient: GuardedKernel, script: Path, code: str
) -> None:
    """What the stopped cell has started ends, and what an earlier one has stays."""
    patient.run(code.format(python=sys.executable, script=script))
    assert (patient.name, patient.stop["programs"]) == ("MemoryLimitExceeded", [])
    wait_until(lambda: find_others(patient) == [])
    assert patient.run("print(x_older.poll())") == "None\n"


@pytest.mark.parametrize("way", ["a session of its own", "ignored"])
def test_program_that_keeps_running(
    kernel: GuardedKernel, script: Path, way: str
) -> None:
    """A program beyond Ctrl-C's reach is in the card, and its remedy ends it."""
    if way == "ignored":
        ignore = "import signal; signal.signal(signal.SIGINT, signal.SIG_IGN)\n"
        script.write_text(ignore + FILL)
    text = kernel.run(
        f"subprocess.Popen(['{sys.executable}', '{script}'],"
        f" start_new_session={way != 'ignored'}).wait()"
    )
    assert kernel.name == "MemoryLimitExceeded"
    (program,) = kernel.stop["programs"]
    assert program["pid"] in [each.pid for each in find_others(kernel)]
    assert str(script) in program["command"]
    assert program["bytes"] > 200_000_000
    (cure,) = (each for each in kernel.stop["cures"] if each["kind"] == "end_program")
    assert cure["code"] in text
    kernel.run(cure["code"])
    assert kernel.name == ""
    wait_until(lambda: find_others(kernel) == [])


def test_allocation_that_fails_beside_a_program(
    kernel: GuardedKernel, script: Path
) -> None:
    """A program also ends if an allocation of the cell is what fails."""
    script.write_text("import time; time.sleep(1000)")
    kernel.run(
        f"x_program = subprocess.Popen(['{sys.executable}', '{script}'])\n"
        "x = np.ones(10**10)"
    )
    assert kernel.stop["belt"] == "allocation"
    wait_until(lambda: find_others(kernel) == [])


def test_program_that_its_cell_ends(kernel: GuardedKernel, script: Path) -> None:
    """Code that catches the error of a stop continues, and its programs have ended."""
    kernel.run(
        f"x_program = subprocess.Popen(['{sys.executable}', '{script}'])\n"
        "try: x_program.wait()\nexcept MemoryError: print(x_program.wait(300))"
    )
    assert kernel.name == ""
    assert find_others(kernel) == []


def test_isolated_cell(kernel: GuardedKernel) -> None:
    """A cell whose own process passes the mark is stopped, and its process ends."""
    kernel.run("%%isolated --out x\nx = b'x' * 600_000_000")
    assert kernel.name == "MemoryLimitExceeded"
    assert (kernel.stop["belt"], kernel.stop["programs"]) == ("watcher", [])
    wait_until(lambda: find_others(kernel) == [])
    kernel.run("%%isolated --out x\nx = 7")
    assert kernel.run("print(x)") == "7\n"
    kernel.run("%isolated --close")
