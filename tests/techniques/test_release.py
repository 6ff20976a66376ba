"""Returning memory to the system, in a shell and without one."""

from __future__ import annotations

import functools
import gc
import linecache
import mmap
import sys
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from IPython.core.interactiveshell import InteractiveShell

from jupyter_memkit.errors import MemkitError
from jupyter_memkit.measure.process import read_rss_bytes
from jupyter_memkit.techniques import release
from jupyter_memkit.techniques.release import free
from jupyter_memkit.techniques.releasing.records import Held

MIB = 1024 * 1024

FAILING = """\
def fail():
    block = bytearray(100 << 20)
    raise ValueError(len(block))
fail()
"""


@pytest.mark.own_process
def test_figures_add_up() -> None:
    """The steps add up to the total, which is the system's figure."""
    before_bytes = read_rss_bytes()
    freed = free()
    assert freed.total_bytes == sum(step.freed_bytes for step in freed.steps)
    assert abs(freed.rss_bytes - read_rss_bytes()) < MIB
    assert abs(before_bytes - freed.total_bytes - freed.rss_bytes) < MIB


@pytest.mark.own_process
def test_small_strings() -> None:
    """Pages of deleted strings are freed."""
    texts = [f"text number {number}" for number in range(1_000_000)]
    held_bytes = read_rss_bytes()
    del texts
    free()
    assert held_bytes - read_rss_bytes() > 40 * MIB


@pytest.mark.own_process
def test_failed_cell(bare_shell: InteractiveShell) -> None:
    """The variables of a failed cell are freed, and attributed to their step."""
    bare_shell.run_cell(FAILING)
    held_bytes = read_rss_bytes()
    freed = free(shell=bare_shell)
    assert held_bytes - read_rss_bytes() > 80 * MIB
    (step,) = (each for each in freed.steps if each.name.startswith("tracebacks"))
    assert step.freed_bytes > 95 * MIB
    assert not hasattr(sys, "last_value")


OTHER = "memory that libraries or threads returned meanwhile"


@pytest.fixture
def returning(monkeypatch: pytest.MonkeyPatch) -> None:
    """Memory comes back during each step, as from the allocator of a library."""
    blocks = [mmap.mmap(-1, 8 * MIB) for _ in range(20)]
    for block in blocks:
        block.write(b"x" * (8 * MIB))
    monkeypatch.setattr(release, "trim_allocator", lambda: blocks.pop().close())


@pytest.mark.own_process
def test_memory_of_others(
    bare_shell: InteractiveShell, request: pytest.FixtureRequest
) -> None:
    """What comes back during a step that found nothing is not attributed to it."""
    free_all = partial(free, shell=bare_shell, outputs=True, figures=True, scripts=True)
    free_all()
    request.getfixturevalue("returning")
    freed = free_all()
    steps = {step.name: step.freed_bytes for step in freed.steps}
    assert steps["tracebacks of failed cells"] == 0
    assert steps["outputs of cells"] == steps["variables of scripts"] == 0
    assert steps["open figures"] == 0
    assert steps[OTHER] > 25 * MIB
    assert sum(steps.values()) == freed.total_bytes


@pytest.mark.own_process
def test_value_that_stays(
    bare_shell: InteractiveShell, request: pytest.FixtureRequest
) -> None:
    """What comes back is not attributed to a variable whose value stays."""
    bare_shell.run_cell("data = [[1.5]]; kept = [data]")
    request.getfixturevalue("returning")
    for name, is_gone in (("data", False), ("kept", True)):
        freed = free(name, shell=bare_shell)
        steps = {step.name: step.freed_bytes for step in freed.steps}
        assert (steps[f"variables: {name}"] > 4 * MIB) is is_gone


def test_an_error_can_still_be_asked(bare_shell: InteractiveShell) -> None:
    """An error that the user keeps retains its message."""
    bare_shell.run_cell("try:\n    1 / 0\nexcept Exception as error:\n    kept = error")
    free(shell=bare_shell)
    assert isinstance(bare_shell.user_ns["kept"], ZeroDivisionError)
    assert bare_shell.user_ns["kept"].__traceback__ is not None


@pytest.mark.own_process
def test_shown_variable(bare_shell: InteractiveShell) -> None:
    """A displayed variable is deleted with every copy of it."""
    bare_shell.run_cell("import numpy as np")
    bare_shell.run_cell("shown = np.ones(13_000_000)", store_history=True)
    bare_shell.run_cell("shown", store_history=True)
    held_bytes = read_rss_bytes()
    freed = free("shown", shell=bare_shell)
    assert held_bytes - read_rss_bytes() > 80 * MIB
    assert freed.names == ("shown",)
    assert freed.held == {}
    number = bare_shell.execution_count - 1
    assert f"Out[{number}]" in freed.copies
    assert {"_", "the last result"} <= set(freed.copies)
    assert "shown" not in bare_shell.user_ns
    # IPython still works.
    bare_shell.run_cell("41 + 1", store_history=True)
    assert bare_shell.user_ns["_"] == 42


def test_what_lives_on(bare_shell: InteractiveShell) -> None:
    """If something else holds a value, its name is deleted and the holder reported."""
    bare_shell.run_cell("data = [[1.5]]\nkept = {'a': data}")
    freed = free("data", shell=bare_shell)
    assert freed.held == {
        "data": Held(
            is_value=True, bytes=0, holders=("kept['a']",), remedies=("%memfree kept",)
        )
    }
    assert "data" not in bare_shell.user_ns


def test_holder_without_a_visible_reference(bare_shell: InteractiveShell) -> None:
    """A variable that can hold a value without Python's knowledge is a suspect."""
    bare_shell.run_cell(
        "import numpy as np\n"
        "data = np.ones(200_000); walk = np.nditer(data); other = [1.5]"
    )
    held = free("data", shell=bare_shell).held["data"]
    assert (held.holders, held.suspects) == ((), ("walk",))
    assert free("walk", shell=bare_shell).held == {}


@pytest.mark.own_process
def test_circles_go(bare_shell: InteractiveShell) -> None:
    """A variable in a reference cycle is freed with it."""
    bare_shell.run_cell("ring = [bytearray(50 << 20)]\nring.append(ring)")
    held_bytes = read_rss_bytes()
    freed = free("ring", shell=bare_shell)
    assert freed.held == {}
    assert held_bytes - read_rss_bytes() > 35 * MIB


def make_figures(shell: InteractiveShell, *, close: bool) -> None:
    """Create figures whose parts have names as well."""
    pytest.importorskip("matplotlib.pyplot")
    shell.run_cell(
        "import matplotlib; matplotlib.use('agg')\n"
        "import weakref, matplotlib.pyplot as plt\n"
        "fig, ax = plt.subplots(); figures = [fig]\n"
        "watch = weakref.ref(fig)" + ("\nplt.close(fig)" if close else "")
    ).raise_error()


def test_parts_of_a_closed_figure(bare_shell: InteractiveShell) -> None:
    """Values that refer to each other and are deleted together are freed."""
    make_figures(bare_shell, close=True)
    freed = free("figures", "fig", "ax", shell=bare_shell)
    assert (freed.held, bare_shell.user_ns["watch"]()) == ({}, None)


def test_open_figure(bare_shell: InteractiveShell) -> None:
    """A named figure is closed; a part of an open one stays alive."""
    make_figures(bare_shell, close=False)
    freed = free("ax", shell=bare_shell)
    assert list(freed.held) == ["ax"]
    freed = free("figures", "fig", shell=bare_shell)
    assert (freed.held, bare_shell.user_ns["watch"]()) == ({}, None)
    assert "figure 1" in freed.copies


@pytest.fixture
def script(bare_shell: InteractiveShell, tmp_path: Path) -> InteractiveShell:
    """A shell that has run a script with one function and one variable."""
    path = tmp_path / "load.py"
    path.write_text(
        "import numpy as np\nloaded = np.ones(10)\ndef count(): return len(loaded)\n"
    )
    bare_shell.run_line_magic("run", str(path))
    bare_shell.run_cell("import weakref; watch = weakref.ref(loaded)").raise_error()
    return bare_shell


def test_variable_of_a_script(script: InteractiveShell) -> None:
    """A variable of `%run` is deleted from the script's namespace as well."""
    freed = free("loaded", shell=script)
    assert freed.copies == ("loaded of load.py",)
    assert script.user_ns["watch"]() is None


def test_deleted_variable_of_a_script(script: InteractiveShell) -> None:
    """A variable that only the script's namespace has can be named."""
    script.run_cell("del loaded").raise_error()
    assert script.user_ns["watch"]() is not None
    assert free("loaded", shell=script).held == {}
    assert script.user_ns["watch"]() is None


def test_scripts_on_request(script: InteractiveShell) -> None:
    """`scripts` deletes only variables that neither a name nor a function needs."""
    free(scripts=True, shell=script)
    script.run_cell("del loaded").raise_error()
    free(scripts=True, shell=script)
    assert script.user_ns["count"]() == 10
    script.run_cell("del count").raise_error()
    free(scripts=True, shell=script)
    assert script.user_ns["watch"]() is None


def test_output_by_its_number(bare_shell: InteractiveShell) -> None:
    """An output is named as in IPython, and deleted with all its names."""
    bare_shell.run_cell("import weakref; kept = {1.5}; watch = weakref.ref(kept)")
    bare_shell.run_cell("kept", store_history=True)
    number = bare_shell.execution_count - 1
    del bare_shell.user_ns["kept"]
    assert free(f"Out[{number}]", shell=bare_shell).held == {}
    assert bare_shell.user_ns["watch"]() is None


def test_outputs_after_a_reset(bare_shell: InteractiveShell) -> None:
    """Copies in a hidden namespace that `%reset out` leaves are deleted, too."""
    bare_shell.run_cell("import weakref; kept = {1.5}; watch = weakref.ref(kept)")
    bare_shell.run_cell("kept", store_history=True)
    bare_shell.run_cell("kept", store_history=True)
    bare_shell.run_cell("del kept\n%reset -f out").raise_error()
    assert bare_shell.user_ns["watch"]() is not None
    free(outputs=True, shell=bare_shell)
    assert bare_shell.user_ns["watch"]() is None


def test_long_texts(bare_shell: InteractiveShell) -> None:
    """A long string that was displayed is freed like an array."""
    bare_shell.run_cell("text = 'x' * 10_000", store_history=True)
    bare_shell.run_cell("text", store_history=True)
    assert "_" in free("text", shell=bare_shell).copies
    assert bare_shell.user_ns["_"] == ""


@pytest.mark.parametrize("name", ["Out", "In", "get_ipython"])
def test_names_of_ipython(bare_shell: InteractiveShell, name: str) -> None:
    """Names that IPython needs are refused."""
    with pytest.raises(MemkitError, match="%memfree --outputs deletes"):
        free(name, shell=bare_shell)
    assert name in bare_shell.user_ns


@pytest.mark.own_process  # The resource tracker of the workers stays with this process.
def test_idle_workers(bare_shell: InteractiveShell) -> None:
    """Idle workers of joblib end on request, and their memory is reported."""
    joblib = pytest.importorskip("joblib")
    joblib.Parallel(n_jobs=2)(joblib.delayed(abs)(n) for n in range(4))
    assert free(shell=bare_shell).workers == 0
    freed = free(workers=True, shell=bare_shell)
    assert freed.workers > 0
    assert freed.workers_bytes > MIB
    assert free(workers=True, shell=bare_shell).workers == 0


def test_number_of_collections(bare_shell: InteractiveShell) -> None:
    """Few collections free a value that nothing holds: each visits all objects."""
    bare_shell.run_cell("import numpy as np; data = np.ones(1 << 18)")
    generations: list[int] = []

    def count(phase: str, info: dict[str, int]) -> None:
        """Note a collection that begins."""
        if phase == "start":
            generations.append(info["generation"])

    gc.callbacks.append(count)
    gc.disable()
    try:
        free("data", shell=bare_shell)
    finally:
        gc.enable()
        gc.callbacks.remove(count)
    assert 1 <= generations.count(2) <= 4


def test_numbers_are_not_searched(bare_shell: InteractiveShell) -> None:
    """Numbers are shared, so no output is removed because of one."""
    bare_shell.run_cell("n = 5", store_history=True)
    bare_shell.run_cell("n", store_history=True)
    freed = free("n", shell=bare_shell)
    assert (freed.held, freed.copies) == ({}, ())
    assert bare_shell.user_ns["_"] == 5


def test_unknown_name(bare_shell: InteractiveShell) -> None:
    """For an unknown name nothing is changed."""
    bare_shell.run_cell("prices = [1.5]")
    with pytest.raises(MemkitError, match=r"did you mean prices\?"):
        free("prices", "price", shell=bare_shell)
    assert "prices" in bare_shell.user_ns
    with pytest.raises(MemkitError, match="%memls lists the variables"):
        free("zzz", shell=bare_shell)


def test_outputs_on_request(bare_shell: InteractiveShell) -> None:
    """Outputs are kept unless requested."""
    bare_shell.run_cell("[1.5] * 10", store_history=True)
    number = bare_shell.execution_count - 1
    free(shell=bare_shell)
    assert bare_shell.user_ns["Out"][number] == [1.5] * 10
    free(outputs=True, shell=bare_shell)
    assert bare_shell.user_ns["Out"] == {}
    assert f"_{number}" not in bare_shell.user_ns
    assert bare_shell.user_ns["_"] == ""


def test_figures_on_request() -> None:
    """Figures stay open unless one asks."""
    plt = pytest.importorskip("matplotlib.pyplot")
    plt.switch_backend("agg")
    plt.figure()
    free()
    assert plt.get_fignums()
    free(figures=True)
    assert not plt.get_fignums()


@functools.lru_cache
def remember(number: int) -> list[int]:
    """Return a list, cached."""
    return [number]


def test_caches_on_request() -> None:
    """Caches of functions are kept unless requested, the standard library's always."""
    remember(1)
    linecache.getline(__file__, 1)
    free()
    assert remember.cache_info().currsize == 1
    assert __file__ not in linecache.cache
    free(caches=True)
    assert remember.cache_info().currsize == 0


def test_lines_of_cells_stay() -> None:
    """The lines of cells are kept, because tracebacks show them."""
    name = "<ipython-input-1>"
    linecache.cache[name] = (5, None, ["x = 1"], name)
    try:
        free()
        assert linecache.getline(name, 1) == "x = 1"
    finally:
        del linecache.cache[name]


def test_pools(monkeypatch: pytest.MonkeyPatch) -> None:
    """The allocators of loaded libraries are trimmed; a failing one is ignored."""
    asked: list[str] = []

    class Cuda:
        """A fake of torch.cuda."""

        @staticmethod
        def is_initialized() -> bool:
            """Return that it is in use."""
            return True

        @staticmethod
        def empty_cache() -> None:
            """Record the call, and fail."""
            asked.append("torch")
            raise RuntimeError

    monkeypatch.setitem(sys.modules, "torch.cuda", Cuda)
    freed = free()
    assert asked == ["torch"]
    names = [step.name for step in freed.steps]
    assert "free torch memory (on the device)" in names


def test_without_a_shell() -> None:
    """In a script the variables are those of the program."""
    main: Any = sys.modules["__main__"]
    main.freed_here = np.ones(10)
    free("freed_here")
    assert not hasattr(main, "freed_here")
