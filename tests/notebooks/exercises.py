"""The exercises of the notebooks, tried in the kernel that runs the notebook."""

from __future__ import annotations

import copy
import re
from typing import Any

import nbformat

# For each notebook a try that is wrong in another way than what the exercise begins
# with, and a word of the reason that the checks give.
WRONG_TRIES = {
    "01_chunked": (
        """\
def mean_delays(path):
    return pd.read_csv(path).groupby("origin").arr_delay.mean()
""",
        "they took",
    ),
    "02_arrays": (
        "leaves_at = flights.hour.astype(int) * 60 + flights.minute",
        "each takes 8 bytes",
    ),
    "03_garbage_collection": (
        """\
class Flight:
    plane = None
    def __init__(self, record, plane):
        plane.flights.append(self)
""",
        "does not know its plane",
    ),
    "04_unloading": (
        """\
def delay_per_hour(path):
    return pd.read_csv(path, usecols=["hour"]).hour.mean()
""",
        "not the right answer",
    ),
    "05_finding_a_leak": ("import gc; gc.collect()", "still held"),
    "06_guard": (
        """\
def count_pairs(flights):
    return len(flights.groupby(["month", "day", "dest"]))
""",
        "not 3",
    ),
    "07_cluster": (
        """\
def draw(flights, first_row):
    return flights.sample(frac=0.01, random_state=0)
""",
        "every chunk draws the same",
    ),
    "08_deep_learning": (
        """\
def add_gradients(rows, answers):
    for part, known in zip(rows.split(512), answers.split(512)):
        score(model(part), known).backward()
""",
        "16.00 times as long",
    ),
}


def add_tries(cells: list[Any], wrong: str) -> list[Any]:
    """Return the cells with tries at the exercise, each followed by its checks.

    The first is wrong, and the second is the solution, whose hidden text is code.
    """
    checks = [cell for cell in cells if cell.id.startswith("check")]
    (at,) = (index for index, cell in enumerate(cells) if cell.id == "solution")
    solution = re.findall(
        r"^```python\n(.*?)\n```$", cells[at].source, re.MULTILINE | re.DOTALL
    )
    tries = [
        *_try("wrong", [wrong], checks),
        *_try("solved", solution, checks),
    ]
    return [*cells[:at], *tries, *cells[at:]]


def _try(name: str, sources: list[str], checks: list[Any]) -> list[Any]:
    """Return cells of code and the checks after them; ``check`` is ``check-NAME``."""
    cells = [nbformat.v4.new_code_cell(source) for source in sources]
    for check in checks:
        again = copy.deepcopy(check)
        again.id = f"{check.id}-{name}"
        cells.append(again)
    return cells


def assert_exercise_works(shown: dict[str, str], reason: str) -> None:
    """The checks accept the solution only, each time with one sentence."""
    untouched, wrong, solved = (
        shown[f"check{name}"].strip() for name in ("", "-wrong", "-solved")
    )
    assert untouched.startswith("not solved yet: "), untouched
    assert wrong.startswith("not solved yet: "), wrong
    assert reason in wrong, wrong
    assert solved.startswith("solved: "), solved
    assert all("\n" not in line for line in (untouched, wrong, solved))
