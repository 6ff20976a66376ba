"""Cells that hold twice what they load, and their remedies."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from importlib import metadata
from pathlib import Path
from types import ModuleType

import pytest
from IPython.core.interactiveshell import InteractiveShell

import jupyter_memkit as memkit
from jupyter_memkit.hints import Hint, find_hints
from jupyter_memkit.track.cells import CellRecord
from tests.track.accounts import make_record

# The searches of a fresh process visit fewer objects.
pytestmark = [pytest.mark.own_process(scope="module"), pytest.mark.traced_children]

MIB = 1024 * 1024

linux = pytest.mark.skipif(sys.platform != "linux", reason="limits private memory")

SAVE_ARRAY = """\
import numpy as np
with open(path, "wb") as file: np.save(file, np.random.default_rng(0).random(8 << 20))
"""
SAVE_BYTES = (
    "import pickle\nwith open(path, 'wb') as f: pickle.dump([b'x' * (64 << 20)], f)"
)
SAVE_TREE = """\
import joblib, numpy as np
from sklearn.tree import ExtraTreeRegressor
rows = np.random.default_rng(0).random((500_000, 1))
# The arrays are so large that the allocator returns them as soon as they are free.
tree = ExtraTreeRegressor(random_state=0).fit(rows, rows[:, 0] ** 2)
joblib.dump(tree, path)
del tree, rows
"""
# Weights of more than 32 MiB each, which the allocator always returns.
SAVE_STATE = """\
import torch
def make(): return torch.nn.Sequential(*[torch.nn.Linear(3072, 3072) for _ in range(3)])
torch.save(make().state_dict(), path)
"""


def run(shell: InteractiveShell, code: str) -> int:
    """Run a cell, and return how far its peak was above its start, in bytes."""
    shell.run_cell(code, store_history=True).raise_error()
    account = memkit.tracker().cells[-1]
    return account.peak_bytes - account.before_bytes


def find(shell: InteractiveShell) -> list[Hint]:
    """Return the hints about loading."""
    hints = find_hints(shell, memkit.tracker().cells).hints
    return [hint for hint in hints if hint.kind == "loading"]


def make_doubled(number: int) -> CellRecord:
    """Make the account of a cell whose peak was twice what it kept."""
    account = make_record(number, duration_s=1.0, gc_s=0.0)
    return replace(account, after_bytes=100 * MIB, peak_bytes=200 * MIB)


@contextmanager
def private_memory(most_bytes: int) -> Iterator[None]:
    """Limit how much private memory the process can take in addition."""
    resource = pytest.importorskip("resource")
    memkit.free()
    status = Path("/proc/self/status").read_text()
    used_kib = int(status.partition("VmData:")[2].split()[0])
    before = resource.getrlimit(resource.RLIMIT_DATA)
    limit_bytes = used_kib * 1024 + most_bytes
    resource.setrlimit(resource.RLIMIT_DATA, (limit_bytes, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_DATA, before)


@linux
@pytest.mark.own_process
@pytest.mark.parametrize(
    ("save", "load", "cure", "cured", "size_mib"),
    [
        (
            SAVE_ARRAY,
            "x = np.load(path).astype('f8')",
            'numpy.load(path, mmap_mode="r")',
            "x = np.load(path, mmap_mode='r').astype('f8')",
            64,
        ),
        (
            SAVE_BYTES,
            "with open(path, 'rb') as f: x = pickle.loads(f.read())",
            "pickle.load(file)",
            "with open(path, 'rb') as f: x = pickle.load(f)",
            64,
        ),
        (
            SAVE_TREE,
            "x = joblib.load(path)",
            'joblib.load(path, mmap_mode="r")',
            "x = joblib.load(path, mmap_mode='r')",
            60,
        ),
    ],
    ids=["numpy", "pickle", "joblib"],
)
def test_remedies(
    shell: InteractiveShell,
    tmp_path: Path,
    save: str,
    load: str,
    cure: str,
    cured: str,
    size_mib: int,
) -> None:
    """The remedy saves about the copy: the cell fits where it did not before."""
    if "sklearn" in save:
        pytest.importorskip("sklearn")
    shell.user_ns["path"] = str(tmp_path / "saved")
    shell.run_cell(save).raise_error()
    run(shell, load)
    (hint,) = find(shell)
    assert hint.cure == cure
    assert hint.bytes == pytest.approx(size_mib * MIB, rel=0.35)
    with pytest.raises(memkit.MemkitError, match="applied automatically; edit cell"):
        hint.apply()
    shell.run_cell("del x")
    with private_memory(size_mib * MIB * 3 // 2):
        with pytest.raises(MemoryError):
            shell.run_cell(load).raise_error()
        shell.run_cell("%memfree")
        shell.run_cell(cured, store_history=True).raise_error()


@linux
@pytest.mark.ml
@pytest.mark.own_process
def test_remedy_of_torch(shell: InteractiveShell, tmp_path: Path) -> None:
    """A state that is mapped and assigned takes no second copy of the weights."""
    pytest.importorskip("torch")
    shell.user_ns["path"] = str(tmp_path / "saved")
    shell.run_cell(SAVE_STATE).raise_error()
    shell.run_cell("make()(torch.ones(1, 3072))\n%memfree").raise_error()
    size_bytes = (tmp_path / "saved").stat().st_size
    load = "net = make(); net.load_state_dict(torch.load(path));"
    assert run(shell, load) > 1.8 * size_bytes
    (hint,) = find(shell)
    assert hint.cure == "load_state_dict(torch.load(path, mmap=True), assign=True)"
    assert hint.bytes == pytest.approx(size_bytes, rel=0.2)
    shell.run_cell("%memfree net")
    cured = load.replace("torch.load(path)", "torch.load(path, mmap=True), assign=True")
    assert run(shell, cured) < 1.3 * size_bytes
    assert len(find(shell)) == 1


def test_other_peaks(bare_shell: InteractiveShell, tmp_path: Path) -> None:
    """There is no hint where something else made the peak."""
    path = tmp_path / "small.npy"
    bare_shell.user_ns["path"] = str(path)
    bare_shell.run_cell("import numpy as np; np.save(path, np.ones(9)); load = print")
    cells = [
        # The file is much smaller than the copy.
        "x = np.load(path)",
        f"x = np.load({str(path)!r})",
        # It is mapped already, or the function is another one.
        "x = np.load('gone.npy', mmap_mode='r')",
        "x = load('gone.npy')",
        "x = other.load('gone.npy')",
        "x = np.ones(9)",
        "x = (",
        "optimizer.load_state_dict(state)",
    ]
    for cell in cells:
        bare_shell.run_cell(cell, store_history=True)
    numbers = range(bare_shell.execution_count - len(cells), bare_shell.execution_count)
    accounts = [make_doubled(number) for number in numbers]
    hints = find_hints(bare_shell, accounts).hints
    assert [hint for hint in hints if hint.kind == "loading"] == []
    bare_shell.run_cell("x = np.load('gone.npy')", store_history=True)
    account = make_doubled(bare_shell.execution_count - 1)
    few = replace(account, peak_bytes=110 * MIB)
    many = replace(account, peak_bytes=300 * MIB)
    for each, count in ((account, 1), (few, 0), (many, 0)):
        hints = find_hints(bare_shell, [each]).hints
        assert len([hint for hint in hints if hint.kind == "loading"]) == count


def test_slow_loading(bare_shell: InteractiveShell) -> None:
    """A cell that loads twice what it keeps, slowly, gets a hint for each."""
    bare_shell.run_cell("import numpy as np", store_history=True)
    bare_shell.run_cell("x = np.load('gone.npy')", store_history=True)
    number = bare_shell.execution_count - 1
    account = replace(make_doubled(number), gc_s=0.9, gc_old=9, gc_old_s=0.9)
    hints = find_hints(bare_shell, [account]).hints
    about = [hint.kind for hint in hints if hint.name == f"cell [{number}]"]
    assert about == ["loading", "collector"]


@pytest.mark.parametrize(
    ("version", "count"), [("4.57.1", 1), ("5.24.0", 0), ("main", 0), (None, 0)]
)
def test_option_of_transformers(
    bare_shell: InteractiveShell,
    monkeypatch: pytest.MonkeyPatch,
    version: str | None,
    count: int,
) -> None:
    """The option of `from_pretrained` is advised only where it is known to exist."""

    def find_version(name: str) -> str:
        if version is None:
            raise metadata.PackageNotFoundError(name)
        return version

    monkeypatch.setitem(sys.modules, "transformers", ModuleType("transformers"))
    monkeypatch.setattr(metadata, "version", find_version)
    bare_shell.run_cell("net = Net.from_pretrained('name')", store_history=True)
    account = make_doubled(bare_shell.execution_count - 1)
    hints = find_hints(bare_shell, [account]).hints
    loading = [hint.cure for hint in hints if hint.kind == "loading"]
    assert loading == ["from_pretrained(name, low_cpu_mem_usage=True)"] * count
