"""Run the tests of the field without the extension and with it: ``make field``.

``python -m tests.field --only nbclient notebooks`` runs some of them. A table comes
last; the exit status is 1 if a test ends differently because of the extension.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from pathlib import Path

from tests.field.comparing import Comparison, compare
from tests.field.environment import check_loading
from tests.field.notebooks import Notebooks
from tests.field.suites import Suite

# It prints all classes that can be configured, of which some are ours.
_LISTS_OURS = (
    "IPython/core/magics/config.py::IPython.core.magics.config.ConfigMagics.config"
)

PARTS = (
    Suite("nbclient"),
    Suite("jupyter_client"),
    Suite("ipykernel"),
    Suite("ipython", ("--deselect", _LISTS_OURS)),
    Suite("ipywidgets", ("--pyargs", "ipywidgets")),
    Notebooks(),
)


def main() -> int:
    """Run the parts that were chosen, and return the exit status."""
    names = [part.name for part in PARTS]
    parser = argparse.ArgumentParser(prog="python -m tests.field")
    parser.add_argument("--only", nargs="+", choices=names, default=names)
    chosen = parser.parse_args().only
    with tempfile.TemporaryDirectory() as folder:
        check_loading(Path(folder))
    comparisons = {}
    try:
        for part in PARTS:
            if part.name in chosen:
                start_s = time.perf_counter()
                comparisons[part.name] = compare(part.run)
                took_s = time.perf_counter() - start_s
                print(f"{part.name} took {took_s:.0f} s", flush=True)
    finally:
        # A part that fails comes after hours of others.
        print(_make_table(comparisons))
    return int(any(comparison.differences for comparison in comparisons.values()))


def _make_table(comparisons: dict[str, Comparison]) -> str:
    columns = sorted({name for each in comparisons.values() for name in each.counts})
    lines = ["".join(["\n" + " " * 16, *(f"{name:>21}" for name in columns)])]
    for name, comparison in comparisons.items():
        counts = (f"{comparison.counts[column]:>21}" for column in columns)
        lines.append(f"{name:16}" + "".join(counts))
        lines += [f"    flaky: {test}" for test in comparison.flaky]
        lines += [
            f"    {without} without, {loaded} with the extension: {test}"
            for test, (without, loaded) in comparison.differences.items()
        ]
    return "\n".join(lines)


if __name__ == "__main__":
    sys.exit(main())
