"""Outcomes without the extension and with it, test by test."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection
from dataclasses import dataclass
from typing import Protocol

# By test: passed, failed or skipped. One that is missing did not run.
Outcomes = dict[str, str]

_MISSING = "missing"
_RERUNS = 3


class Run(Protocol):
    """Runs tests, or only the files of some of them, and returns the outcomes."""

    def __call__(self, *, loaded: bool, only: Collection[str] = ()) -> Outcomes:
        """Run with the extension loaded, or without."""


@dataclass(frozen=True, slots=True)
class Comparison:
    """How tests ended without the extension and with it.

    Attributes
    ----------
    counts : Counter of str
        The number of tests by how they ended.
    differences : dict
        By test that ends differently because of the extension, both outcomes.
    flaky : list of str
        The tests that ended differently, and that without the extension do not always
        end the same, or that did not differ any more when they ran again.
    """

    counts: Counter[str]
    differences: dict[str, tuple[str, str]]
    flaky: list[str]


def compare(run: Run) -> Comparison:
    """Run tests in both ways, and those that differ some times more."""
    without, loaded = run(loaded=False), run(loaded=True)
    both = {
        test: (without.get(test, _MISSING), loaded.get(test, _MISSING))
        for test in sorted({*without, *loaded})
    }
    differing = [test for test, (one, other) in both.items() if one != other]
    flaky = _find_flaky(run, differing)
    differences = {test: both[test] for test in differing if test not in flaky}
    counts: Counter[str] = Counter()
    for test, outcomes in both.items():
        counts["flaky" if test in flaky else _describe(*outcomes)] += 1
    return Comparison(counts=counts, differences=differences, flaky=flaky)


def _find_flaky(run: Run, tests: Collection[str]) -> list[str]:
    """Return the tests that vary without the extension, or do not differ again."""
    if not tests:
        return []
    without = [run(loaded=False, only=tests) for _ in range(_RERUNS)]
    loaded = [run(loaded=True, only=tests) for _ in range(_RERUNS)]
    flaky = []
    for test in tests:
        alone = {outcomes.get(test) for outcomes in without}
        if len(alone) > 1 or alone == {outcomes.get(test) for outcomes in loaded}:
            flaky.append(test)
    return flaky


def _describe(without: str, loaded: str) -> str:
    if without == loaded:
        return f"{without} both"
    if without == "passed":
        return "passed only without"
    return "passed only with" if loaded == "passed" else "different"
