"""The line that stored a value into a variable is found from the code of the cells."""

from __future__ import annotations

import pytest

from jupyter_memkit.cells.storing import find_store

CLASS = """class Meter:
    def update(self, loss, n):
        self.total += loss
        self.count += n
meter = Meter()
meter.update(loss, 1)"""


@pytest.mark.parametrize(
    ("code", "name", "steps", "line"),
    [
        ("t = 0\nfor x in d:\n    t += f(x)\nt /= 9", "t", (), "t += f(x)"),
        ("t = 0\nt = t + f(x)\nt = t / 9", "t", (), "t = t + f(x)"),
        ("a = []\na.append(loss)\na = a[-9:]", "a", ("[0]",), "a.append(loss)"),
        (
            "h['a'].append(x)\nh['b'].append(y)",
            "h",
            ("['a']", "[0]"),
            "h['a'].append(x)",
        ),
        (
            "h.setdefault(k, []).append(x)",
            "h",
            ("['a']",),
            "h.setdefault(k, []).append(x)",
        ),
        ("o, h = net(x, h)", "h", (), "o, h = net(x, h)"),
        ("a: list = [f(x) for x in d]", "a", ("[0]",), "a: list = [f(x) for x in d]"),
        ("print(y := f(x))", "y", (), "print(y := f(x))"),
        ("for y in f(d):\n    pass", "y", (), "for y in f(d):"),
        ("def g():\n    y = f(1)\ny = f(2)\ny.train(mode)", "y", (), "y = f(2)"),
        ("y = f(2)\ndef g():\n    y = f(1)", "y", (), "y = f(2)"),
        ("y = f(2)\ndef g():\n    global y\n    y = f(1)", "y", (), "y = f(1)"),
        (CLASS, "meter", (".total",), "self.total += loss"),
        ("s.loss = loss\ns.other = 1", "s", (".loss",), "s.loss = loss"),
    ],
)
def test_line(code: str, name: str, steps: tuple[str, ...], line: str) -> None:
    """It is the last that can have stored a graph into that part of the variable."""
    store = find_store(["", code], name, steps, ("Meter",))
    assert store is not None
    assert store.text == line
    assert code.splitlines()[store.line - 1].strip() == line


def test_a_cell_magic() -> None:
    """The lines of a cell magic count from the top of the cell."""
    cell = "get_ipython().run_cell_magic('mem', '', 'a = []\\na.append(loss)\\n')"
    store = find_store(["", "a = 1", cell], "a")
    assert store is not None
    assert (store.cell, store.line, store.text) == (2, 3, "a.append(loss)")


def test_nothing_stored() -> None:
    """A variable that no known cell set has no line, and broken code is skipped."""
    assert find_store(["", "b = 1", "a = ("], "a") is None
