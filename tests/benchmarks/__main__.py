"""Runs benchmarks: ``python -m tests.benchmarks [--small] [NAME …]``.

By default all of them. What each prints is stored in ``notebooks/docs/benchmarks``,
with a line about the machine. With ``--small`` those that take an amount of data run
with a small one, which takes minutes together, and nothing is stored.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from tests.benchmarks._machine import describe_machine

RESULTS = Path(__file__).parents[2] / "notebooks" / "docs" / "benchmarks"
# What makes them small.
SMALL = {
    "arrays": "100000",
    "batches": "100000",
    "chunked": "100000",
    "chunked_scale": "2000",
    "cost": "--quick",
    "tasks": "--quick",
    "truth": "--quick",
}


def run(name: str, arguments: Sequence[str] = ()) -> str:
    """Run a benchmark, show what it prints, and return that if it succeeds."""
    lines = []
    command = [sys.executable, "-m", f"tests.benchmarks.{name}", *arguments]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        for line in process.stdout:
            print(line, end="", flush=True)
            lines.append(line)
    if process.returncode:
        sys.exit(f"the benchmark {name} failed")
    return "".join(lines)


def main() -> None:
    """Run the requested benchmarks."""
    every = sorted(path.stem for path in Path(__file__).parent.glob("[a-z]*.py"))
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks")
    parser.add_argument("--small", action="store_true", help="little data, not stored")
    parser.add_argument("names", nargs="*", metavar="NAME", help=", ".join(every))
    options = parser.parse_args()
    for name in options.names or (SMALL if options.small else every):
        print(f"\n{name}", flush=True)
        if options.small:
            run(name, [SMALL[name]] if name in SMALL else [])
        else:
            machine = describe_machine()
            RESULTS.mkdir(exist_ok=True)
            (RESULTS / f"{name}.txt").write_text(f"{machine}\n\n{run(name)}")


main()
