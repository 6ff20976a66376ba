"""The rows of the next chunk, from the memory that the chunks before took."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from jupyter_memkit.techniques.chunked import budget
from jupyter_memkit.techniques.chunked.budget import (
    BudgetError,
    RowPlan,
    default_budget_bytes,
)

MIB = 1 << 20


def run(
    plan: RowPlan, growth: Callable[[int, int], float], n_chunks: int = 60
) -> list[tuple[int, float]]:
    """Let a plan learn from a process that grows by a rule, and return its chunks."""
    done = []
    for number in range(n_chunks):
        rows = plan.next_rows()
        grown = growth(rows, number)
        done.append((rows, grown))
        plan.learn(rows, int(grown), 0)
    return done


@pytest.mark.parametrize("budget_mib", [100, 150, 300, 1_000, 10_000])
@pytest.mark.parametrize("bytes_per_row", [20, 200, 5_000])
@pytest.mark.parametrize("fixed_mib", [0, 20, 60])
def test_never_over_the_budget(
    budget_mib: int, bytes_per_row: int, fixed_mib: int
) -> None:
    """The growth stays within the budget, whatever a row takes and what is fixed."""
    plan = RowPlan(budget_mib * MIB, row_bytes=30)
    done = run(plan, lambda rows, _: fixed_mib * MIB + rows * bytes_per_row)
    assert max(grown for _, grown in done) < budget_mib * MIB


def test_grows_to_its_target() -> None:
    """Chunks grow until the process is near its target below the budget, and stay."""
    plan = RowPlan(150 * MIB, row_bytes=30)
    done = run(plan, lambda rows, _: 20 * MIB + rows * 200)
    assert 0.3 < done[-1][1] / (150 * MIB) < 0.5
    assert len({rows for rows, _ in done[-20:]}) == 1


def test_fixed_memory_does_not_shrink_chunks() -> None:
    """Memory that the first chunks take for libraries is not attributed to rows."""
    plan = RowPlan(150 * MIB, row_bytes=30)
    done = run(plan, lambda rows, number: min(number, 6) * 9 * MIB + rows * 60, 200)
    assert done[-1][0] > 1.5 * done[20][0]
    assert 0.45 < done[-1][1] / (150 * MIB) < 0.75


def test_chunks_are_not_huge() -> None:
    """A huge budget does not lead to huge chunks."""
    plan = RowPlan(64 << 30, row_bytes=30)
    assert max(grown for _, grown in run(plan, lambda rows, _: rows * 200)) < 256 * MIB


def test_shrinks_at_once() -> None:
    """A chunk that comes close to the budget halves the next one."""
    plan = RowPlan(100 * MIB, row_bytes=30)
    run(plan, lambda rows, _: rows * 200)
    rows = plan.next_rows()
    plan.learn(rows, 90 * MIB, 0)
    assert plan.next_rows() == rows // 2


def test_kept_memory_does_not_shrink_chunks() -> None:
    """An allocator that returns no memory does not lead to ever smaller chunks."""
    plan = RowPlan(150 * MIB, row_bytes=30)
    highest = 0.0

    def sticky(rows: int, _number: int) -> float:
        nonlocal highest
        highest = max(highest, 20 * MIB + rows * 200)
        return highest

    done = run(plan, sticky)
    assert done[-1][0] >= done[10][0] > 10_000


def test_memory_that_was_free_before() -> None:
    """Chunks grow although a process with free memory does not."""
    plan = RowPlan(100 * MIB, row_bytes=30)
    done = run(plan, lambda rows, _: max(0, rows * 200 - 60 * MIB))
    assert max(grown for _, grown in done) < 100 * MIB
    assert done[-1][1] > 20 * MIB


def test_fixed_rows() -> None:
    """Rows that the user fixed stay the same, whatever they take."""
    plan = RowPlan(MIB, row_bytes=30, fixed_rows=7)
    assert {rows for rows, _ in run(plan, lambda _rows, _number: 1e12)} == {7}


def test_steady_rows() -> None:
    """Rows that have to be the same in each run come from the budget alone."""
    plans = [RowPlan(150 * MIB, row_bytes=30, steady=True) for _ in range(2)]
    first = run(plans[0], lambda rows, _: rows * 100)
    second = run(plans[1], lambda rows, number: rows * 120 + number)
    assert {rows for rows, _ in first} == {rows for rows, _ in second}


def test_results_too_large() -> None:
    """Results that fill the budget end the run, with the option that keeps none."""
    plan = RowPlan(100 * MIB, row_bytes=30)
    grown = []

    def fill() -> None:
        kept = 0
        while kept < 1_000 * MIB:
            rows = plan.next_rows()
            kept += rows * 20
            grown.append(kept + rows * 100)
            plan.learn(rows, grown[-1], kept)

    with pytest.raises(BudgetError, match="use --out FILE, which writes results to "):
        fill()
    assert 75 * MIB < max(grown) < 100 * MIB


def test_memory_of_the_reader() -> None:
    """What a reader keeps from the first chunk on is not taken for the results."""
    plan = RowPlan(100 * MIB, row_bytes=30)
    rows = plan.next_rows()

    def fill() -> None:
        while True:
            rows = plan.next_rows()
            plan.learn(rows, 98 * MIB, 90 * MIB)

    with pytest.raises(BudgetError, match=r"rows at a time already take .* --columns"):
        fill()
    assert plan.next_rows() < rows


def test_budget_too_small() -> None:
    """A budget that a few rows exceed raises an error with the remedy."""
    plan = RowPlan(100 * MIB, row_bytes=30)
    with pytest.raises(
        BudgetError, match=r"10 rows at a time already take .* --memory"
    ):
        plan.learn(10, 96 * MIB, 0)


@pytest.mark.parametrize(
    ("room_bytes", "budget_bytes"),
    [(10 << 30, 1 << 30), (100 * MIB, 64 * MIB), (0, 64 * MIB), (None, 64 * MIB)],
)
def test_default_budget(
    room_bytes: int | None, budget_bytes: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The default budget is a tenth of the free memory, but at least 64 MiB."""
    monkeypatch.setattr(budget, "read_room_bytes", lambda: room_bytes)
    assert default_budget_bytes() == budget_bytes


def test_small_files_need_few_chunks() -> None:
    """If even expensive rows would fit, one chunk is enough to enlarge the next."""
    plan = RowPlan(300 * MIB, row_bytes=34)
    done = run(plan, lambda rows, _: 15 * MIB + rows * 100, 12)
    assert sum(rows for rows, _ in done) > 1_000_000


@pytest.mark.parametrize("budget_mib", [100, 300, 2_000])
@pytest.mark.parametrize("expansion", [2, 8, 32])
def test_long_rows(budget_mib: int, expansion: int) -> None:
    """The first chunk has many long rows, and the budget still holds."""
    plan = RowPlan(budget_mib * MIB, row_bytes=25_000)
    done = run(plan, lambda rows, _: 20 * MIB + rows * 25_000 * expansion)
    assert done[0][0] >= min(200, budget_mib // 4)
    assert max(grown for _, grown in done) < budget_mib * MIB
