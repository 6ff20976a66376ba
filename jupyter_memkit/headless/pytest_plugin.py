"""Checks the memory of notebooks in a suite of tests: ``pytest --memkit-max 2GB``.

With the option, each ``.ipynb`` file is a test, which fails if a cell fails or exceeds
the size. A notebook can have its own size in its metadata
(``{"jupyter_memkit": {"max_peak": "4GB"}}``), and a ``conftest.py`` can mark it with
``pytest.mark.memkit_max("4GB")``. pytest imports this module at its start, so the rest
is imported once a notebook runs.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

_OPTION = "--memkit-max"
_MARK = "memkit_max"
_PLACE = "max_peak of jupyter_memkit in the notebook's metadata"


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the option."""
    parser.getgroup("jupyter_memkit").addoption(
        _OPTION,
        metavar="SIZE",
        help="run each notebook, and fail if a cell exceeds this memory, such as 2GB",
    )


def pytest_configure(config: pytest.Config) -> None:
    """Describe the mark, and refuse a size that cannot be read."""
    config.addinivalue_line(
        "markers", f"{_MARK}(size): the most memory that a cell of a notebook may take"
    )
    size = config.getoption(_OPTION)
    if size is not None:
        _parse(size)


def pytest_collect_file(
    file_path: Path, parent: pytest.Collector
) -> pytest.Collector | None:
    """Collect notebooks if the option was given."""
    if file_path.suffix != ".ipynb" or parent.config.getoption(_OPTION) is None:
        return None
    file: pytest.Collector = NotebookFile.from_parent(parent, path=file_path)
    return file


class NotebookFile(pytest.File):
    """A notebook, which is one test."""

    def collect(self) -> Iterator[pytest.Item]:
        """Yield the test, with the mark of the notebook's metadata."""
        item: pytest.Item = NotebookItem.from_parent(self, name="memory")
        size = _read_size(self.path)
        if size is not None:
            mark = getattr(pytest.mark, _MARK)
            item.add_marker(mark(size, place=_PLACE))
        yield item


class NotebookItem(pytest.Item):
    """Runs a notebook, and compares its cells with the size."""

    def runtest(self) -> None:
        """Run the notebook."""
        from jupyter_memkit.headless.execute import (  # noqa: PLC0415 - see above
            run_notebook,
        )
        from jupyter_memkit.headless.report import explain_over  # noqa: PLC0415

        max_bytes = self._read_max()
        run = run_notebook(self.path)
        if run.failure is not None:
            raise NotebookFailed(run.failure)
        over = run.over(max_bytes)
        if over:
            raise NotebookFailed("\n".join(explain_over(over, max_bytes)))

    def _read_max(self) -> int:
        """Return the size of the closest mark, or of the option."""
        mark = self.get_closest_marker(_MARK)
        if mark is None:
            return _parse(self.config.getoption(_OPTION))
        if not mark.args:
            message = f'{_MARK} needs a size, as in pytest.mark.{_MARK}("2GB")'
            raise pytest.UsageError(message)
        return _parse(mark.args[0], mark.kwargs.get("place", f"the mark {_MARK}"))

    def repr_failure(
        self, excinfo: pytest.ExceptionInfo[BaseException], style: Any = None
    ) -> Any:
        """Return the sentence of a failed notebook without a traceback."""
        from jupyter_memkit.errors import MemkitError  # noqa: PLC0415 - see above

        failures = (NotebookFailed, MemkitError, pytest.UsageError)
        if isinstance(excinfo.value, failures):
            return str(excinfo.value)
        return super().repr_failure(excinfo, style)

    def reportinfo(self) -> tuple[Path, int, str]:
        """Return where the test is."""
        return self.path, 0, f"memory of {self.path.name}"


class NotebookFailed(Exception):  # noqa: N818 - a result, like pytest's own
    """A notebook that fails or exceeds its size."""


def _read_size(path: Path) -> Any:
    """Return the size in the metadata of a notebook, if there is one."""
    try:
        metadata = json.loads(path.read_text("utf-8"))["metadata"]
        return metadata["jupyter_memkit"]["max_peak"]
    except (OSError, ValueError, KeyError, TypeError):
        # Running the notebook reports what is wrong with it.
        return None


def _parse(size: Any, place: str = _OPTION) -> int:
    """Parse a size; `place` is where it was written."""
    from jupyter_memkit.errors import MemkitError  # noqa: PLC0415 - see above
    from jupyter_memkit.units import parse_bytes  # noqa: PLC0415

    try:
        return parse_bytes(str(size))
    except MemkitError as error:
        message = f"{place}: {error}"
        raise pytest.UsageError(message) from error
