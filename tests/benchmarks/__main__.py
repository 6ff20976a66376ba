"""Run every benchmark: ``python -m tests.benchmarks``."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

for path in sorted(Path(__file__).parent.glob("[a-z]*.py")):
    print(f"\n{path.stem}", flush=True)
    command = [sys.executable, "-m", f"tests.benchmarks.{path.stem}"]
    subprocess.run(command, check=True)
