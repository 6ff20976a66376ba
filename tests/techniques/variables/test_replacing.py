"""Either all values are replaced or none, whenever an interrupt arrives."""

from __future__ import annotations

import signal
from collections.abc import Callable
from typing import Any

import pytest

from jupyter_memkit.techniques.variables.replacing import Replacing


def run(mine: dict[str, Any], replace: Callable[[Replacing], None]) -> None:
    """Replace values in a namespace."""
    with Replacing(mine, None) as replacing:
        replace(replacing)


def test_a_failure_restores_all() -> None:
    """After an error each variable has its old value, kept or converted back."""
    first = [1]
    mine: dict[str, Any] = {"a": first, "also": first, "b": [2], "c": [3]}

    def replace(replacing: Replacing) -> None:
        replacing.replace(["a", "also"], 1, find_before=lambda: first, restore=None)
        replacing.replace(["b"], 2, find_before=lambda: None, restore=lambda n: [n])
        assert mine == {"a": 1, "also": 1, "b": 2, "c": [3]}
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        run(mine, replace)
    assert mine == {"a": [1], "also": [1], "b": [2], "c": [3]}
    assert mine["a"] is mine["also"] is first


def test_finish_keeps_the_values() -> None:
    """An error after `finish` restores nothing."""
    mine: dict[str, Any] = {"a": 1}

    def replace(replacing: Replacing) -> None:
        replacing.replace(["a"], 2, find_before=lambda: 1, restore=None)
        replacing.finish()
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        run(mine, replace)
    assert mine == {"a": 2}


def test_interrupts_wait() -> None:
    """Ctrl-C waits until everything is replaced."""
    mine: dict[str, Any] = {"a": 1, "b": 1}

    def replace(replacing: Replacing) -> None:
        replacing.replace(["a"], 2, find_before=lambda: 1, restore=None)
        signal.raise_signal(signal.SIGINT)
        replacing.replace(["b"], 2, find_before=lambda: 1, restore=None)

    with pytest.raises(KeyboardInterrupt):
        run(mine, replace)
    assert mine == {"a": 2, "b": 2}


def test_interrupts_where_they_are_allowed() -> None:
    """Ctrl-C interrupts where it is allowed, and the variables are restored."""
    mine: dict[str, Any] = {"a": 1}

    def replace(replacing: Replacing) -> None:
        replacing.replace(["a"], 2, find_before=lambda: 1, restore=None)
        with replacing.allowed():
            signal.raise_signal(signal.SIGINT)

    with pytest.raises(KeyboardInterrupt):
        run(mine, replace)
    assert mine == {"a": 1}


def test_taken() -> None:
    """A value that was taken has no name until it is bound again."""
    value = [1]
    mine: dict[str, Any] = {"a": value, "b": value}

    def replace(replacing: Replacing) -> None:
        taken = replacing.take(["a", "b"])
        assert (taken, mine) == ([1], {})
        replacing.bind(["a", "b"], taken)

    run(mine, replace)
    assert mine["a"] is mine["b"] is value


class _Text(str):
    """A string of another class, as a caller may pass."""

    __slots__ = ()


def test_the_namespace_keeps_its_keys() -> None:
    """Names are bound to plain strings: those that the namespace had, if any."""
    key = "aname1"[:-1]
    mine: dict[str, Any] = {key: 1}

    def replace(replacing: Replacing) -> None:
        taken = replacing.take([_Text("aname")])
        replacing.bind([_Text("aname")], taken)
        replacing.bind([_Text("new")], 2)
        replacing.bind_all({_Text("another"): 3})

    run(mine, replace)
    assert mine == {"aname": 1, "new": 2, "another": 3}
    assert {type(each) for each in mine} == {str}
    assert next(iter(mine)) is key
