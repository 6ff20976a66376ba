"""Logging in another process is like logging here, or what is missing is reported."""

from __future__ import annotations

import logging
import threading
import warnings
from collections.abc import Iterator
from pathlib import Path

import pytest

from jupyter_memkit.techniques.isolated.state.rows import ROWS
from jupyter_memkit.techniques.isolated.state.state import SentState
from jupyter_memkit.techniques.processes.calling import Call, Outcome
from jupyter_memkit.techniques.processes.process import ChildProcess
from tests.techniques.isolated.acting import NoSecrets, act, make_record, quiet

pytestmark = pytest.mark.traced_children


def accept(_record: logging.LogRecord) -> bool:
    """Return that the record is logged."""
    return True


@pytest.fixture
def log(tmp_path: Path) -> Iterator[Path]:
    """The file of a logger."""
    logger = logging.getLogger("memkit_test")
    logger.propagate = False
    handler = logging.FileHandler(tmp_path / "log", "a")
    handler.setFormatter(logging.Formatter("%(levelname)s %(message)s"))
    logger.addHandler(handler)
    yield tmp_path / "log"
    logger.removeHandler(handler)
    logger.filters.clear()
    logger.propagate = True
    handler.close()


def call(process: ChildProcess, code: str) -> Outcome:
    """Run code in a child that takes over the state of this process."""
    changes = SentState(ROWS).take_changes()
    outcome = Call(process, for_hooks=changes).run(act, (code,))
    assert outcome.error is None
    assert outcome.from_hooks.untaken == ()
    return outcome


LOG = """
for each in ('secret', 'loud', 'plain'):
    logging.getLogger('memkit_test').error(each)
"""


def test_filters(shared: ChildProcess, log: Path) -> None:
    """Filters of loggers and of handlers, objects and functions, apply there."""
    logger = logging.getLogger("memkit_test")
    logger.addFilter(NoSecrets())
    logger.handlers[0].addFilter(quiet)
    outcome = call(shared, LOG)
    assert log.read_text() == "ERROR plain\n"
    assert outcome.from_hooks.state == ()
    # pytest adds its own handlers to a logger that does not propagate.
    assert {*outcome.from_hooks.unlogged} <= {"LogCaptureHandler"}
    outcome = call(shared, "logging.getLogger('memkit_test').filters.clear()")
    assert outcome.from_hooks.state == ("logging",)


def test_filter_that_cannot_be_sent(shared: ChildProcess, log: Path) -> None:
    """A record for a filter that is missing there is dropped, and reported."""
    logging.getLogger("memkit_test").addFilter(NoSecrets(threading.Lock()))
    assert call(shared, "").from_hooks.unlogged == ()
    (lost,) = call(shared, LOG).from_hooks.unlogged
    reason = "cannot pickle '_thread.lock' object"
    assert lost == f"records for the filter NoSecrets ({reason})"
    assert log.read_text() == ""


def test_filter_of_a_missing_handler(shared: ChildProcess) -> None:
    """A handler that stays here misses only what its filters let through."""
    logger = logging.getLogger("memkit_test")
    handler = logging.StreamHandler(open("/dev/null", "w"))  # noqa: PTH123, SIM115
    handler.addFilter(quiet)
    logger.addHandler(handler)
    logger.propagate = False
    try:
        code = "logging.getLogger('memkit_test').error('{}')"
        assert call(shared, code.format("loud")).from_hooks.unlogged == ()
        lost = call(shared, code.format("plain")).from_hooks.unlogged
        assert lost == ("StreamHandler",)
    finally:
        logger.propagate = True
        logger.removeHandler(handler)
        handler.stream.close()


def test_level_names(shared: ChildProcess, log: Path) -> None:
    """Levels have their names there."""
    logging.addLevelName(45, "NOTICE")
    try:
        call(shared, "logging.getLogger('memkit_test').log(45, 'here')")
    finally:
        del logging._levelToName[45], logging._nameToLevel["NOTICE"]
    assert log.read_text() == "NOTICE here\n"


def test_captured_warnings(shared: ChildProcess, log: Path) -> None:
    """Warnings are logged there if they are logged here."""
    logger = logging.getLogger("py.warnings")
    handler = logging.getLogger("memkit_test").handlers[0]
    logger.addHandler(handler)
    logging.captureWarnings(capture=True)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("always")
            outcome = call(shared, "warnings.warn('careful')")
    finally:
        logging.captureWarnings(capture=False)
        logger.removeHandler(handler)
    assert "UserWarning: careful" in log.read_text()
    assert outcome.from_hooks.state == ()


def test_record_factory(shared: ChildProcess, log: Path) -> None:
    """Records are made there as here."""
    handler = logging.getLogger("memkit_test").handlers[0]
    handler.setFormatter(logging.Formatter("%(user)s %(message)s"))
    logging.setLogRecordFactory(make_record)
    try:
        call(shared, "logging.getLogger('memkit_test').error('here')")
    finally:
        logging.setLogRecordFactory(logging.LogRecord)
    assert log.read_text() == "ann here\n"


def test_filter_is_loaded_late(process: ChildProcess) -> None:
    """A filter does not import its module before there is a record for it."""
    logger = logging.getLogger("memkit_test")
    logger.addFilter(accept)
    try:
        outcome = Call(process, for_hooks=SentState(ROWS).take_changes()).run(
            act, ("", f"{__name__!r} in sys.modules")
        )
    finally:
        logger.removeFilter(accept)
    assert outcome.value is False
