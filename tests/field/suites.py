"""The suites of the field, from the sdists of the versions that are installed."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import tarfile
import tempfile
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path

from tests.field.comparing import Outcomes
from tests.field.environment import PYTHON, run_python

_SDISTS = PYTHON.parents[1] / "sdists"
_LIMIT_S = 3600
_TEST_LIMIT_S = 120

# pytest-asyncio warns where a suite does not choose one, and some fail on warnings.
_LOOPS = "asyncio_default_fixture_loop_scope=function"


@dataclass(frozen=True, slots=True)
class Suite:
    """The tests of a project.

    Parameters
    ----------
    name : str
        The name of the project.
    arguments : tuple of str
        More arguments of pytest.
    """

    name: str
    arguments: tuple[str, ...] = ()

    def run(self, *, loaded: bool, only: Collection[str] = ()) -> Outcomes:
        """Run the suite in a fresh home and folder, and return the outcomes by test.

        Parameters
        ----------
        loaded : bool
            Whether the extension is loaded.
        only : collection of str
            The tests whose files are run; all without.
        """
        files = sorted({test.partition("::")[0] for test in only})
        plugin = () if loaded else ("-p", "no:jupyter_memkit")
        with tempfile.TemporaryDirectory(prefix="memkit-field-") as scratch:
            home, log = Path(scratch, "home"), Path(scratch, "log")
            home.mkdir()
            with tarfile.open(_fetch(self.name)) as archive:
                archive.extractall(scratch, filter="data")
            [folder] = Path(scratch).glob("*/PKG-INFO")
            shown = run_python(
                *("-m", "pytest", *self.arguments, *files, *plugin),
                *("-p", "load_extension", "-p", "no:cacheprovider"),
                *("-o", _LOOPS),
                *("--timeout", str(_TEST_LIMIT_S), "--timeout-method", "signal"),
                *("--report-log", str(log), "--color", "no"),
                folder=folder.parent,
                home=home,
                loaded=loaded,
                limit_s=_LIMIT_S,
            )
            outcomes = _read_log(log) if log.exists() else {}
        if not outcomes:
            message = f"the tests of {self.name} did not run:\n{shown}"
            raise RuntimeError(message)
        return outcomes


def _fetch(project: str) -> Path:
    """Return the sdist of the version that is installed."""
    code = f"import importlib.metadata as m; print(m.version({project!r}))"
    version = subprocess.check_output([PYTHON, "-c", code], text=True).strip()
    folder = _SDISTS / f"{project}-{version}"
    if not folder.exists():
        with tempfile.TemporaryDirectory() as scratch:
            command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps"]
            command += ["--no-binary", project, "--dest", scratch]
            subprocess.run([*command, f"{project}=={version}"], check=True)
            shutil.copytree(scratch, folder)
    [sdist] = folder.iterdir()
    return sdist


def _read_log(log: Path) -> Outcomes:
    """Return the worst outcome among the phases of each test."""
    outcomes: Outcomes = {}
    for line in log.read_text().splitlines():
        report = json.loads(line)
        if report["$report_type"] not in {"TestReport", "CollectReport"}:
            continue
        outcome, test = report["outcome"], report["nodeid"]
        is_test = report["$report_type"] == "TestReport"
        if (is_test and outcomes.get(test) in {None, "passed"}) or outcome == "failed":
            outcomes[test] = outcome
    return outcomes
