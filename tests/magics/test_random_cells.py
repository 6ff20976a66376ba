"""Random cells have the same effect under ``%%isolated``, or it is reported."""

from __future__ import annotations

import contextlib
import gc
import io
import os
import random
import re
import sys
import warnings
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from IPython.core.error import UsageError
from IPython.core.interactiveshell import InteractiveShell

from jupyter_memkit.techniques.isolated.marks import Marks
from jupyter_memkit.techniques.isolated.records import IsolatedResult
from jupyter_memkit.techniques.isolated.state.rows import ROWS
from tests.magics.random_cells import SETUP, VARIABLES, describe, draw_cell

# The number of cells in `make test`; the variable sets more.
N_CELLS = int(os.environ.get("MEMKIT_RANDOM_CELLS", "5"))
FIRST_SEED = int(os.environ.get("MEMKIT_RANDOM_CELLS_FROM", "0"))


class Ran(NamedTuple):
    """The effects of a cell."""

    error: str
    raised: BaseException | None
    out: str
    warned: str
    variables: dict[str, str]
    alone: dict[str, str]
    values: dict[str, Any]
    state: dict[str, Any]
    result: Any


def run(shell: InteractiveShell, cell: str) -> Ran:
    """Run a cell after the setup, and return its effects."""
    shell.run_cell(SETUP).raise_error()
    out, err = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        done = shell.run_cell(cell)
    error = done.error_in_exec or done.error_before_exec
    printed = re.split(r"Out\[|\x1b\[|---------|UsageError", out.getvalue())[0]
    # The place and text of a warning, and the record of a log. Unclosed files are
    # collected at random times.
    warned = re.findall(
        r":\d+: UserWarning: .*|^[A-Z]+ logged.*", err.getvalue(), re.MULTILINE
    )
    names = tuple(name for name in VARIABLES if name in shell.user_ns)
    return Ran(
        error="refused" if isinstance(error, UsageError) else type(error).__name__,
        raised=error,
        out=re.sub(r"(CPU times|Wall time).*", "", printed).rstrip(),
        warned="\n".join(warned),
        variables=describe(shell.user_ns, names),
        alone={name: describe(shell.user_ns, (name,))[name] for name in names},
        values={name: shell.user_ns[name] for name in names},
        state={
            row.name: row.read()
            for row in ROWS
            if not row.module or row.module in sys.modules
        },
        result=done.result,
    )


def show_warning(
    message: Any, category: Any, filename: str, lineno: int, *_: Any
) -> None:
    """Show a warning as Python does, where pytest would only record it."""
    sys.stderr.write(warnings.formatwarning(message, category, filename, lineno))


def find_faults(shell: InteractiveShell, seed: int) -> list[str]:
    """Return unreported differences of an isolated cell."""
    code, outputs = draw_cell(random.Random(seed))
    option = f" --out {','.join(outputs)}" if outputs else ""
    before = run(shell, "pass")
    there = run(shell, f"%%isolated -o{option}\n{code}")
    if there.error == "refused":
        return []
    here = run(shell, f"pass\n{code}")
    faults = [
        f"{what}: {mine!r} here, {other!r} there"
        for what, mine, other in (
            ("error", here.error, there.error),
            ("printed", here.out, there.out),
            ("warned", here.warned, there.warned),
        )
        if mine != other
    ]
    if here.error != "NoneType" or faults:
        return faults
    return [*faults, *_find_unsaid(outputs, before, here, there)]


def _find_unsaid(
    outputs: tuple[str, ...], before: Ran, here: Ran, there: Ran
) -> list[str]:
    result: IsolatedResult = there.result
    assert isinstance(result, IsolatedResult)
    said = {*result.kept, *result.changed, *result.deleted}
    said.update(*(others for _, others in result.apart))
    if "Box" in said:
        said |= {"box", "boxes"}
    # A variable is also changed through others that share objects or memory.
    marks = Marks({name: before.values[name] for name in said & before.values.keys()})
    said |= {name for name, value in before.values.items() if marks.find(value)}
    faults = []
    for name in VARIABLES:
        is_out = name in outputs
        mine, other = here.alone.get(name), there.alone.get(name)
        if is_out and mine != other:
            faults.append(f"{name} brought back: {mine} here, {other} there")
        if not is_out and mine != other and name not in said:
            faults.append(f"{name} unsaid: {mine} here, {other} there")
    if not said and here.variables != there.variables:
        faults.append(f"shared: {here.variables} here, {there.variables} there")
    for name, now in here.state.items():
        if now != before.state[name] and name not in result.state:
            faults.append(f"state unsaid: {name}")
        if there.state[name] != before.state[name]:
            faults.append(f"state came back: {name}")
    return faults


@pytest.mark.own_process  # It changes the state of the process.
def test_random_cells(
    shell: InteractiveShell, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What a cell prints, raises, returns and leaves is the same, or reported."""
    (tmp_path / "memkit_settings.py").write_text("RATE = 1\nNAMES = []\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.setattr(warnings, "showwarning", show_warning)
    shell.user_ns |= {"FOLDER": str(tmp_path), "PATH": list(sys.path)}
    faults = {}
    try:
        for seed in range(FIRST_SEED, FIRST_SEED + N_CELLS):
            found = find_faults(shell, seed)
            if found:
                faults[seed] = (draw_cell(random.Random(seed)), found)
    finally:
        gc.enable()
    assert faults == {}
