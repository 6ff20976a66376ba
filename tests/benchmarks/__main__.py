"""Runs benchmarks: ``python -m tests.benchmarks [NAME …]``, by default all of them.

What each prints is also stored in ``notebooks/docs/benchmarks``, with a line about the
machine.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from tests.benchmarks._machine import describe_machine

RESULTS = Path(__file__).parents[2] / "notebooks" / "docs" / "benchmarks"


def run(name: str) -> None:
    """Run a benchmark, show what it prints, and store it if it succeeds."""
    lines = [f"{describe_machine()}\n\n"]
    command = [sys.executable, "-m", f"tests.benchmarks.{name}"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        for line in process.stdout:
            print(line, end="", flush=True)
            lines.append(line)
    if process.returncode:
        sys.exit(f"the benchmark {name} failed")
    RESULTS.mkdir(exist_ok=True)
    (RESULTS / f"{name}.txt").write_text("".join(lines))


every = sorted(path.stem for path in Path(__file__).parent.glob("[a-z]*.py"))
for name in sys.argv[1:] or every:
    print(f"\n{name}", flush=True)
    run(name)
