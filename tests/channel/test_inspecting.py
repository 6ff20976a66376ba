"""What a page asks about variables, and does to them, in a real kernel."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from jupyter_memkit import protocol
from tests.channel.page import Page
from tests.golden import golden
from tests.real_kernel import real_kernel

pytestmark = pytest.mark.traced_children


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Page]:
    """A page of a kernel with numpy."""
    with real_kernel(tmp_path_factory.mktemp("home")) as kernel:
        kernel.run("import numpy as np")
        yield Page(kernel)


def rss_bytes(page: Page) -> int:
    """Return the resident memory of the kernel, read by the kernel itself."""
    return int(
        page.kernel.run(
            "from jupyter_memkit.measure.process import read_rss_bytes as _read\n"
            "print(_read())"
        )
    )


def test_rows_add_up_to_the_process(page: Page) -> None:
    """Sizes less what is counted twice, and the rest, are the process, within 5 %."""
    page.kernel.run(
        "whole = np.ones(10_000_000)\n"
        "part = whole[:5_000_000]\n"
        "rows = [{'number': n} for n in range(100_000)]"
    )
    listed = page.list()
    shown_bytes = sum(row["bytes"] for row in listed["variables"])
    assert shown_bytes > listed["total_bytes"], "the view is counted twice"
    process_bytes = listed["total_bytes"] + listed["rest_bytes"]
    assert process_bytes == pytest.approx(rss_bytes(page), rel=0.05)
    parts = {part["name"]: part["bytes"] for part in listed["rest"]}
    assert sum(parts.values()) == listed["rest_bytes"]
    rows = {row["name"]: row for row in listed["variables"]}
    assert rows["part"]["shared_bytes"] == pytest.approx(80_000_000, rel=0.01)
    assert rows["whole"]["shape"] == [10_000_000]
    page.kernel.run("del whole, part, rows")


def test_no_code_of_the_values_runs(page: Page) -> None:
    """Listing calls no method of a value, and interprets no name."""
    page.kernel.run(
        "calls = []\n"
        "class Loud:\n"
        "    def __repr__(self): calls.append('repr'); return 'x' * 100_000_000\n"
        "    __str__ = __len__ = __sizeof__ = __eq__ = __hash__ = __repr__\n"
        "    def __getattr__(self, name): calls.append(name); raise AttributeError\n"
        "    @property\n"
        "    def __class__(self): calls.append('class'); return list\n"
        "loud = Loud()\n"
        "globals()['<img src=x onerror=alert(1)>'] = [1.5]"
    )
    assert page.find("loud")["type"] == "Loud"
    assert page.find("<img src=x onerror=alert(1)>")["actions"] == []
    row = page.find("loud")
    answer = page.ask(golden("ask_holders") | {"name": "loud", "token": row["token"]})
    assert answer["chains"][0]["text"] == "loud"
    assert page.kernel.run("print(calls)") == "[]\n"
    page.kernel.run("del loud, globals()['<img src=x onerror=alert(1)>']")


def test_no_cure_is_made_of_other_code(page: Page) -> None:
    """A variable whose name is code has no hint: its cure would run the code."""
    page.kernel.run(
        "globals()['x\\nprint(1)'] = np.ones(3_000_000)\nwide = np.ones(3_000_000) * 2"
    )
    hints = page.ask(golden("ask_hints") | {"is_patient": True})["hints"]
    cures = [hint["cure"] for hint in hints]
    assert "%shrink wide" in cures
    assert not any("print" in cure for cure in cures)
    page.kernel.run("del wide, globals()['x\\nprint(1)']")


def test_ten_thousand_variables(page: Page) -> None:
    """The reply about many variables is as short as that about 200."""
    page.kernel.run("globals().update({f'v{n}': [n] for n in range(10_000)})")
    listed = page.list()
    assert len(listed["variables"]) == 200
    assert listed["more"] >= 9_800
    assert len(json.dumps(listed)) < 100_000
    page.kernel.run("for n in range(10_000): del globals()[f'v{n}']")


@pytest.mark.parametrize("pause", ["time.sleep(0.01)", "await asyncio.sleep(0.01)"])
def test_questions_wait_for_the_cell(page: Page, tmp_path: Path, pause: str) -> None:
    """While a cell runs, also one that awaits, the page is asked to wait."""
    end = tmp_path / "end"
    running = page.kernel.start(
        "import asyncio, time, pathlib\n"
        "print('started', flush=True)\n"
        f"while not pathlib.Path({str(end)!r}).exists(): {pause}"
    )
    for name in ("ask_variables", "ask_hints", "ask_holders"):
        assert page.kernel.request(golden(name)) == golden("later")
    end.touch()
    page.kernel.iopub_until_idle(running)
    assert page.list()["variables"]


def test_listing_holds_no_reference(page: Page) -> None:
    """A cell after a list can still resize an array, which must be referred to once.

    The references are counted rather than `array.resize` called: coverage's tracer
    refers to the array while it is called, and makes it fail without any list.
    """
    count = "print(sys.getrefcount(array), weakref.getweakrefcount(array))"
    page.kernel.run("import sys, weakref\narray = np.ones(1000)")
    before = page.kernel.run(count)
    page.list()
    assert page.kernel.run(count) == before


@pytest.mark.parametrize(
    "name", ["prices.shape", "__import__('os').getpid()", "", "a b", "x" * 201, 7, None]
)
def test_expressions_are_refused(page: Page, name: object) -> None:
    """A request with an expression in place of a name is not even looked up."""
    message = "name must be the name of a variable, not an expression"
    refused = {"type": "refused", "protocol": 1, "message": message}
    request = golden("ask_holders") | {"name": name}
    assert page.kernel.request(request) == refused
    assert page.evaluate(json.dumps(golden("act") | {"name": name})) == refused


@pytest.mark.parametrize(
    "change",
    [{"action": "exec"}, {"action": None}, {"token": 5}, {"type": "hints"}],
    ids=str,
)
def test_forged_actions_are_refused(page: Page, change: dict[str, Any]) -> None:
    """Only known actions are done, and only with the token of a list."""
    assert page.evaluate(json.dumps(golden("act") | change))["type"] == "refused"


def test_other_version_does_nothing(page: Page) -> None:
    """A page of another version receives ours."""
    request = golden("act") | {"protocol": protocol.PROTOCOL_VERSION + 1}
    assert page.evaluate(json.dumps(request))["type"] == "incompatible"


@pytest.mark.parametrize("setting", ["prices = [1.5] * 3", "prices = 'x'"])
def test_another_object_is_left_alone(page: Page, setting: str) -> None:
    """An action on a name that was set again, also to an equal value, does nothing."""
    page.kernel.run("prices = [1.5] * 3")
    token = page.find("prices")["token"]
    page.kernel.run(setting)
    answer = page.act("delete", "prices", token)
    assert answer["type"] == "unavailable"
    assert "prices no longer refers to" in answer["message"]
    assert page.kernel.run("print(len(prices) > 0)") == "True\n"


def test_a_name_that_is_gone(page: Page) -> None:
    """An action on a deleted variable says so."""
    page.kernel.run("prices = [1.5]")
    token = page.find("prices")["token"]
    page.kernel.run("del prices")
    assert page.act("delete", "prices", token)["message"] == (
        "prices no longer exists, so nothing was changed; refresh the list"
    )


@pytest.mark.parametrize(
    ("setting", "steps"),
    [
        ("values = np.ones(10_000_000)", ["shrink", "restore", "spill", "load"]),
        ("values = [float(n) for n in range(2_000_000)]", ["to_array", "delete"]),
    ],
)
def test_actions_report_what_was_freed(
    page: Page, setting: str, steps: list[str]
) -> None:
    """Each action changes the process by what it reports, and offers the next."""
    page.kernel.run(setting)
    for step in steps:
        row = page.find("values")
        assert step in row["actions"]
        before_bytes = rss_bytes(page)
        done = page.act(step, "values", row["token"])
        assert done["type"] == "acted", done
        change_bytes = before_bytes - rss_bytes(page)
        assert done["freed_bytes"] == pytest.approx(change_bytes, abs=16 * 1024**2)
        is_smaller = step not in ("restore", "load")
        assert (change_bytes > 10 * 1024**2) == is_smaller
    page.kernel.run("globals().pop('values', None)")


def test_what_is_still_held_is_named(page: Page) -> None:
    """A deleted variable whose value lives on has its holder, and the remedy."""
    page.kernel.run("values = np.ones(1_000_000)\njob = {'data': values}")
    done = page.act("delete", "values", page.find("values")["token"])
    assert done["holders"] == ["job['data']"]
    assert done["remedies"] == ["%memfree job"]


def test_a_refusal_of_the_kit_is_passed_on(page: Page) -> None:
    """An action that the value does not support changes nothing, and says why."""
    page.kernel.run("texts = ['a', object()]")
    answer = page.act("to_array", "texts", page.find("texts")["token"])
    assert answer["type"] == "unavailable"
    assert page.kernel.run("print(type(texts))") == "<class 'list'>\n"
