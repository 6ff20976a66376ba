"""Results of ``%%isolated`` replace the variables; differences are reported."""

from __future__ import annotations

import ast
import re
from typing import Any

import numpy as np
import pytest
from IPython.core.error import UsageError
from IPython.core.inputtransformer2 import TransformerManager
from IPython.core.interactiveshell import InteractiveShell

from jupyter_memkit.errors import IsolatedError
from jupyter_memkit.magics.isolated.refusals import refuse_session
from jupyter_memkit.techniques.isolated.records import IsolatedResult

pytestmark = pytest.mark.traced_children

SETUP = """
import threading
import numpy as np
arr = np.ones(5)
view = arr[:2]
rows = [1]
table = {"rows": rows}
deep = [[1], [2]]
inner = deep[0]
rate = 2
class Box:
    kind = 1
    def price(self):
        return rate
box = Box()
boxes = [box]
data = threading.Lock()
lazy = (each for each in rows)
"""


def run(shell: InteractiveShell, options: str, code: str) -> IsolatedResult:
    """Run an isolated cell after the setup, and return its record."""
    shell.run_cell(SETUP).raise_error()
    done = shell.run_cell(f"%%isolated -o {options}\n{code}")
    done.raise_error()
    result: IsolatedResult = done.result
    return result


def refusal(shell: InteractiveShell, code: str) -> str:
    """Run an isolated cell after the setup, and return why it was refused."""
    shell.run_cell(SETUP).raise_error()
    error = shell.run_cell(f"%%isolated\n{code}").error_in_exec
    assert isinstance(error, UsageError)
    return str(error)


def test_in_place(shell: InteractiveShell) -> None:
    """A variable that was modified is still the same object for all its holders."""
    code = "arr[:] = 7; rows.append(2); deep[1].append(3)"
    result = run(shell, "--out arr,rows", code)
    space: dict[str, Any] = shell.user_ns
    np.testing.assert_array_equal(space["view"], [7, 7])
    assert space["view"].base is space["arr"]
    assert space["table"] == {"rows": [1, 2]}
    assert space["table"]["rows"] is space["rows"]
    assert (result.apart, result.changed) == ((), ("deep",))
    assert space["deep"] == [[1], [2]]


def test_apart(shell: InteractiveShell) -> None:
    """Variables returned as copies are reported, with what they shared before."""
    result = run(
        shell, "--out deep,best,box", "deep[0].append(3)\nbest = rows\nbox.x = 1"
    )
    assert dict(result.apart) == {
        "deep": ("inner",),
        "best": ("rows", "table", "lazy"),
        "box": ("boxes",),
    }
    assert shell.user_ns["inner"] == [1]


def test_divided(shell: InteractiveShell) -> None:
    """A named process that has a part of what is sent now is reported, with a cure."""
    assert run(shell, "--name p", "arr, rows, rate").divided == ()

    def again(options: str, code: str) -> Any:
        done = shell.run_cell(f"%%isolated -o --name p {options}\n{code}")
        done.raise_error()
        return done.result

    assert again("", "view, table, deep, np, rate").divided == (
        ("view", ("arr",)),
        ("table", ("rows",)),
    )
    assert again("", "view[0] = 7; arr[0]").divided == ()
    together = again("--in arr,view", "view[0] = 7; held = arr[0]")
    assert together.divided == ()
    assert again("--out held", "deep = [2]").divided == ()
    assert shell.user_ns["held"] == 7
    # What the process has set itself is another object, as it would be here.
    shell.run_cell("more = [deep]").raise_error()
    assert again("", "more").divided == ()
    shell.run_line_magic("isolated", "--close p")


def test_replaced(shell: InteractiveShell) -> None:
    """A variable that was replaced shares with nothing, as in the kernel."""
    result = run(shell, "--out rows,arr", "rows = [5]\narr = arr * 2")
    assert (result.apart, result.changed) == ((), ())
    assert shell.user_ns["table"] == {"rows": [1]}
    np.testing.assert_array_equal(shell.user_ns["view"], [1, 1])


def test_shared_outputs(shell: InteractiveShell) -> None:
    """Variables that are returned together still share what they shared."""
    run(shell, "--out rows,table,arr,view", "rows.append(2); view[:] = 5; arr, table")
    space: dict[str, Any] = shell.user_ns
    assert space["table"]["rows"] is space["rows"]
    assert np.shares_memory(space["arr"], space["view"])
    np.testing.assert_array_equal(space["arr"], [5, 5, 1, 1, 1])


def test_stays(shell: InteractiveShell) -> None:
    """Variables that --out does not name are unchanged, which is reported."""
    code = (
        "import math\nrows.append(2); Box.kind = 5; del rate; new = _own = 1\nlen(deep)"
    )
    result = run(shell, "", code)
    assert result.changed == ("rows", "Box")
    assert (result.deleted, result.kept) == (("rate",), ("new", "_own"))
    assert result.imported == ("math",)
    space: dict[str, Any] = shell.user_ns
    assert (space["rows"], space["Box"].kind, space["rate"]) == ([1], 1, 2)


def test_only_read(shell: InteractiveShell) -> None:
    """Variables that were only read are not reported as changed."""
    result = run(shell, "", "float(arr.sum()), len(rows), box.price(), deep.copy()")
    assert (result.changed, result.state) == ((), ())


def test_functions(shell: InteractiveShell) -> None:
    """A returned function reads the kernel's variables; missing ones are reported."""
    result = run(
        shell, "--out f", "step = 5\nrate = 9\ndef f(n): return n * rate + step"
    )
    space: dict[str, Any] = shell.user_ns
    assert (space["rate"], "step" in space) == (2, False)
    assert result.unbound == ("rate", "step")
    space["step"] = 1
    assert space["f"](3) == 7


def test_classes(shell: InteractiveShell) -> None:
    """Objects belong to the kernel's class, which --out can replace."""
    run(shell, "--out box,fresh", "Box.kind = 5; box.x = 3; fresh = Box()")
    space: dict[str, Any] = shell.user_ns
    assert type(space["box"]) is type(space["fresh"]) is space["Box"]
    assert (space["Box"].kind, space["box"].x) == (1, 3)
    space["rate"] = 4
    assert space["box"].price() == 4
    run(shell, "--out Box", "Box.kind = 5")
    assert (space["Box"].kind, space["box"].kind) == (5, 5)


def test_session_refused(shell: InteractiveShell) -> None:
    """In a cell the refusal is one sentence."""
    assert "globals() inspects the whole session" in refusal(shell, "globals()")


def test_reasons(shell: InteractiveShell) -> None:
    """An error names all variables, each with its reason."""
    sentence = refusal(shell, "next(lazy)")
    assert "lazy cannot be sent to another process (cannot pickle 'gen" in sentence
    sentence = refusal(shell, "def use(): return data, lazy\nuse()")
    assert "data (cannot pickle '_thread.lock' object) and lazy cann" in sentence
    assert sentence.endswith("; create them in the cell")


@pytest.mark.parametrize(
    ("code", "what"),
    [
        ("sorted(globals())", "globals()"),
        ("print(dir())", "dir()"),
        ("'rows' in vars()", "vars()"),
        ("def f():\n    return globals()", "globals()"),
        ("%who", "%who"),
        ("%history -n 1", "%history"),
        ("get_ipython().user_ns['rows']", "user_ns"),
        ("from __main__ import rows", "__main__"),
    ],
)
def test_session(code: str, what: str) -> None:
    """Code that inspects the whole session is refused."""
    tree = ast.parse(TransformerManager().transform_cell(code))
    with pytest.raises(IsolatedError, match=re.escape(f"{what} inspects the whole")):
        refuse_session(tree, {"rows"})


def test_no_session(shell: InteractiveShell) -> None:
    """The same names with another meaning are not refused."""
    code = "def f(a):\n    return sorted(locals()), dir(a)\nlen(f(vars(box))[0])"
    assert run(shell, "", code).kept == ("f",)


def test_shell_words(shell: InteractiveShell) -> None:
    """Words of shell commands are not variables."""
    result = run(shell, "", "!echo data lazy {rate}\n%env MEMKIT_X=data\n1")
    assert result.inputs == ("rate",)
    assert result.state == ("os.environ",)
    run(shell, "", "%%bash\necho data")


@pytest.mark.parametrize(
    ("setup", "cell"),
    [
        ("rows = [1]; alias = rows", "rows.append(5); rows = [*rows, 8]"),
        (
            "import numpy as np; rows = np.ones(3); alias = [rows[1:]]",
            "rows += 1; rows = rows * 2",
        ),
    ],
)
def test_changed_before_it_was_replaced(
    shell: InteractiveShell, setup: str, cell: str
) -> None:
    """Holders of an output that was modified and then replaced are reported."""
    shell.run_cell(setup).raise_error()
    done = shell.run_cell(f"%%isolated -o --out rows\n{cell}")
    done.raise_error()
    assert done.result.changed == ("alias",)


def test_private_names(shell: InteractiveShell) -> None:
    """A variable with two underscores is the user's; those of the shell are not."""
    assert run(shell, "", "__fresh = 1\n!true").kept == ("__fresh",)
