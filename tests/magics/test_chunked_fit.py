"""``%%chunked --fit`` in a shell."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from IPython.core.error import UsageError
from IPython.core.interactiveshell import InteractiveShell
from sklearn.linear_model import SGDClassifier
from sklearn.tree import DecisionTreeClassifier

from jupyter_memkit.show.fitted import build_report
from jupyter_memkit.techniques.chunked.training import Fitted

PAIR = "chunk[['a', 'b']], chunk.kind"


@pytest.fixture(autouse=True)
def points(
    shell: InteractiveShell, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> pd.DataFrame:
    """A file of points in the current folder, and a model in the shell."""
    monkeypatch.chdir(tmp_path)
    frame = pd.DataFrame(
        np.random.default_rng(0).normal(size=(900, 2)), columns=[*"ab"]
    )
    frame["kind"] = np.where(frame.a > frame.b, "x", "y")
    frame.to_csv("points.csv", index=False)
    shell.user_ns["model"] = SGDClassifier(random_state=0)
    return frame


def fit(shell: InteractiveShell, options: str, body: str = PAIR) -> Fitted:
    """Run a cell that succeeds, and return what was trained."""
    fitted = shell.run_cell_magic("chunked", f"points.csv --fit model {options}", body)
    assert isinstance(fitted, Fitted)
    return fitted


def test_same_as_by_hand(shell: InteractiveShell) -> None:
    """Each chunk is a batch, as in a loop by hand."""
    fitted = fit(shell, "--rows 200")
    by_hand = SGDClassifier(random_state=0)
    for chunk in pd.read_csv("points.csv", chunksize=200):
        by_hand.partial_fit(chunk[["a", "b"]], chunk.kind, classes=["x", "y"])
    assert np.array_equal(shell.user_ns["model"].coef_, by_hand.coef_)
    assert (fitted.batches, fitted.rows, fitted.classes) == (5, 900, ("x", "y"))
    assert "chunk" not in shell.user_ns


def test_report(shell: InteractiveShell) -> None:
    """The report has the epochs and the scores."""
    fitted = fit(shell, "--rows 50 --shuffle 900 --epochs 9 --holdout 0.1 --patience 1")
    assert fitted.scores[-1] > 0.8
    assert fitted.ended_early == (fitted.epochs < 9)
    text = build_report(fitted).text()
    assert text.startswith(f"SGDClassifier: {fitted.epochs} epoch")
    assert f"{fitted.scores[-1]:.4f} (on " in text


def test_failure(shell: InteractiveShell, capsys: pytest.CaptureFixture[str]) -> None:
    """After an error the model keeps what it learned, and a line says so."""
    body = f"if chunk_number(): raise ValueError('late')\n{PAIR}"
    seen: list[int] = []

    def chunk_number() -> bool:
        seen.append(1)
        return len(seen) > 2

    shell.user_ns["chunk_number"] = chunk_number
    with pytest.raises(ValueError, match="late"):
        fit(shell, "--rows 200 --classes x,y", body)
    assert shell.user_ns["model"].coef_.shape == (1, 2)
    line = "epoch 1 ended after 400 rows; model keeps what it learned from them\n"
    assert line in capsys.readouterr().err


@pytest.mark.parametrize(
    ("options", "body", "message"),
    [
        ("--fit modle", PAIR, "there is no variable modle; make the model"),
        ("--fit tree", PAIR, "a DecisionTreeClassifier has no partial_fit"),
        ("--fit model", "x = chunk.a", "does not end with an expression, so there is"),
        ("--fit model", "chunk.a", "end with both, such as: chunk"),
        ("--fit model --reduce sum", PAIR, "--fit and --reduce exclude each other"),
        ("--fit model --on-error skip", PAIR, "--fit and --on-error exclude"),
        ("--epochs 3", PAIR, "--epochs is for --fit; add --fit MODEL"),
        ("--fit model --holdout 2", PAIR, "'2' is not a fraction between 0 and 1"),
        ("--fit model --patience 2", PAIR, "or --holdout 0.1"),
        ("--fit model --classes x", PAIR, "the value 'y', which is not among"),
        ("--fit model", f"seen.append(1)\n{PAIR}", "or --classes False,True"),
        ("--fit model --shuffle 9 --rows 10", PAIR, "use shuffle=100 or more"),
    ],
)
def test_bad_input(
    shell: InteractiveShell, options: str, body: str, message: str
) -> None:
    """What is invalid is refused in one sentence, and the model stays as it was."""
    seen: list[int] = []
    shell.user_ns.update(tree=DecisionTreeClassifier(), seen=seen)
    model: Any = shell.user_ns["model"]
    with pytest.raises(UsageError, match=message):
        shell.run_cell_magic("chunked", f"points.csv {options}", body)
    assert not hasattr(model, "coef_")
    assert not seen
