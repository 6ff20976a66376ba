"""The code of cells, and of the magics in them."""

from __future__ import annotations

from jupyter_memkit.cells.cell_parts import is_code


def test_cells_with_code() -> None:
    """Cells that only call magics or show a value are not steps of the work."""
    shown = ["out", "get_ipython().run_line_magic('memls', '')", "", "a ="]
    assert not any(map(is_code, shown))
    timed = "get_ipython().run_cell_magic('time', '', 'f(x)')"
    assert all(map(is_code, ["f(x)", "a = 1", timed]))
