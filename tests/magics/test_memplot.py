"""%memplot in a shell, and in a kernel that shows the figure."""

from __future__ import annotations

import base64
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from IPython.core.interactiveshell import InteractiveShell
from matplotlib.figure import Figure

from tests.real_kernel import RealKernel, real_kernel
from tests.waiting import LIMIT_S


@pytest.fixture(autouse=True)
def picture_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Pictures of a terminal are written to the folder of the test."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))


@pytest.mark.parametrize("line", ["", "--last 10min", "--cells", "--cells --last 1h"])
def test_result_is_a_figure(shell: InteractiveShell, line: str) -> None:
    """The requested figure can be kept and modified."""
    shell.run_cell("x = 1", store_history=True)
    figure = shell.run_line_magic("memplot", line)
    assert isinstance(figure, Figure)
    is_ranking = figure.axes[0].get_xlabel() == "peak above the start of the cell"
    assert is_ranking == ("--cells" in line)


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("--last ten", "--last: 'ten' is not a duration; write a number and a unit"),
        ("--cells", "no cell has ended in this time; run one"),
        ("now", "%memplot does not accept 'now' here"),
    ],
)
def test_mistake(
    shell: InteractiveShell,
    capsys: pytest.CaptureFixture[str],
    line: str,
    expected: str,
) -> None:
    """A usage error is one sentence."""
    shell.run_cell(f"%memplot {line}", store_history=True)
    assert f"UsageError: {expected}" in capsys.readouterr().err


def test_terminal(shell: InteractiveShell, capsys: pytest.CaptureFixture[str]) -> None:
    """Without a front end the figure is written to a file, whose path is printed."""
    shell.run_line_magic("memplot", "")
    path = Path(capsys.readouterr().out.strip().removeprefix("wrote "))
    assert path.read_bytes().startswith(b"\x89PNG")


@pytest.fixture(scope="module")
def kernel(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RealKernel]:
    """A kernel that loads the extension as it starts."""
    with real_kernel(tmp_path_factory.mktemp("home")) as kernel:
        yield kernel


def pictures(kernel: RealKernel, code: str) -> list[bytes]:
    """Run a cell and return the images that the notebook would display."""
    shown: list[bytes] = []

    def keep(message: dict[str, Any]) -> None:
        data = message["content"].get("data", {})
        if message["msg_type"] in {"display_data", "execute_result"}:
            assert "text/plain" in data
            shown.append(base64.b64decode(data["image/png"]))
        assert message["msg_type"] not in {"error", "stream"}, message["content"]

    kernel.client.execute_interactive(code, timeout=LIMIT_S, output_hook=keep)
    return shown


@pytest.mark.parametrize(
    "code",
    [
        "%memplot",
        "%memplot --cells",
        "import jupyter_memkit; jupyter_memkit.plot()",
        "%matplotlib inline\n%memplot",
        "import matplotlib.pyplot as plt\nplt.ioff()\n%memplot",
    ],
)
def test_shown_once(kernel: RealKernel, code: str) -> None:
    """A notebook displays one image, whether or not pyplot displays figures inline."""
    kernel.run("x = 1")
    (picture,) = pictures(kernel, code)
    assert picture.startswith(b"\x89PNG")


@pytest.mark.own_process
def test_matplotlib_loaded_again(shell: InteractiveShell) -> None:
    """After matplotlib was unloaded, another plot imports it again."""
    before = type(shell.run_line_magic("memplot", "")).__mro__[1]
    shell.run_line_magic("unload", "matplotlib")
    after = type(shell.run_line_magic("memplot", "")).__mro__[1]
    assert after.__qualname__ == before.__qualname__ == "Figure"
    assert after is not before
