"""Models that are trained in batches, as by a loop of ``partial_fit`` by hand."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from pyarrow import parquet
from scipy import sparse
from sklearn.cluster import MiniBatchKMeans
from sklearn.linear_model import SGDClassifier, SGDRegressor
from sklearn.naive_bayes import BernoulliNB
from sklearn.neural_network import MLPClassifier, MLPRegressor
from sklearn.preprocessing import StandardScaler
from sklearn.tree import DecisionTreeClassifier

from jupyter_memkit.errors import MemkitError
from jupyter_memkit.techniques.chunked import chunked
from jupyter_memkit.techniques.chunked.training import Batches, FitStep

COLUMNS = ["a", "b"]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A file of points, of which only the last is of the class z."""
    rng = np.random.default_rng(0)
    points = rng.normal(size=(2_000, 2))
    kinds = np.where(points.sum(axis=1) > 0, "x", "y").astype(object)
    kinds[-1] = "z"
    frame = pd.DataFrame(points, columns=COLUMNS).assign(
        kind=kinds, value=points @ [1.0, -2.0]
    )
    table = pa.Table.from_pandas(frame)
    parquet.write_table(table, tmp_path / "points.parquet", row_group_size=100)
    return tmp_path / "points.parquet"


def read_by_hand(path: Path, rows: int) -> Iterator[Any]:
    """Yield the frames of a loop by hand."""
    frame = pd.read_parquet(path)
    for start in range(0, len(frame), rows):
        yield frame[start : start + rows]


def test_same_as_by_hand(path: Path) -> None:
    """In order, the coefficients are those of the same loop by hand."""
    model, by_hand = SGDClassifier(random_state=0), SGDClassifier(random_state=0)
    columns = [*COLUMNS, "kind"]
    fitted = chunked(path, columns=columns).batches(300).fit(model, "kind", epochs=2)
    for _ in range(2):
        for frame in read_by_hand(path, 300):
            by_hand.partial_fit(frame[COLUMNS], frame.kind, classes=["x", "y", "z"])
    assert np.array_equal(model.coef_, by_hand.coef_)
    assert list(model.feature_names_in_) == COLUMNS
    assert (fitted.epochs, fitted.batches, fitted.rows) == (2, 14, 4_000)
    assert fitted.classes == ("x", "y", "z")
    assert fitted.scores == ()


@pytest.mark.parametrize("backend", ["polars", "arrow"])
def test_other_frames(path: Path, backend: str) -> None:
    """Frames of polars and tables of Arrow train the same model."""
    model, other = SGDClassifier(random_state=0), SGDClassifier(random_state=0)
    columns = [*COLUMNS, "kind"]
    chunked(path, columns=columns).batches(300).fit(model, "kind")
    chunked(path, columns=columns, backend=backend).batches(300).fit(other, "kind")
    assert np.array_equal(model.coef_, other.coef_)


def test_without_classes(path: Path) -> None:
    """Models that need no classes, or no target, are trained as they are."""
    model, by_hand = SGDRegressor(random_state=0), SGDRegressor(random_state=0)
    columns = [*COLUMNS, "value"]
    fitted = chunked(path, columns=columns).batches(300).fit(model, "value")
    for frame in read_by_hand(path, 300):
        by_hand.partial_fit(frame[COLUMNS], frame.value)
    assert np.array_equal(model.coef_, by_hand.coef_)
    assert fitted.classes is None
    clusters = MiniBatchKMeans(2, random_state=0, n_init=1)
    chunked(path, columns=COLUMNS).batches(300).fit(clusters)
    assert clusters.cluster_centers_.shape == (2, 2)


def test_score(path: Path) -> None:
    """The score is that of the rows that were held out, which were not trained on."""

    class Memory(SGDRegressor):  # type: ignore[misc] # its base is not known
        """Remembers what it was trained on."""

        rows: frozenset[float] = frozenset()

        def partial_fit(self, features: Any, target: Any) -> Any:
            self.rows |= frozenset(features["a"])
            return super().partial_fit(features, target)

    model = Memory(random_state=0)
    batches = chunked(path, columns=[*COLUMNS, "value"], rows=100).batches(
        50, shuffle=500, seed=0
    )
    fitted = batches.fit(model, "value", epochs=2, holdout=0.1)
    frame = pd.read_parquet(path)
    held_out = frame[~frame.a.isin(model.rows)]
    assert fitted.held_out_rows == len(held_out) == 200
    assert fitted.rows == 3_600
    assert len(fitted.scores) == 2
    score = model.score(held_out[COLUMNS], held_out.value)
    assert fitted.scores[-1] == pytest.approx(score, abs=1e-12)


def test_accuracy(path: Path) -> None:
    """The score of a classifier is its accuracy."""
    model = SGDClassifier(random_state=0)
    batches = chunked(path, columns=[*COLUMNS, "kind"], rows=100).batches(100)
    fitted = batches.fit(model, "kind", holdout=0.5)
    frame = pd.read_parquet(path)
    held_out = frame[np.arange(len(frame)) // 100 % 2 == 1]
    assert fitted.scores == (model.score(held_out[COLUMNS], held_out.kind),)


def read_held_out(batches: Batches) -> np.ndarray[Any, Any]:
    """Return the rows that a quarter of the chunks hold out."""

    class Zero:
        """Remembers what it predicts."""

        seen: list[Any] = []  # noqa: RUF012 - of the class

        def partial_fit(self, features: Any, target: Any) -> None:
            pass

        def predict(self, features: Any) -> Any:
            self.seen.append(features)
            return np.zeros(len(features))

    batches.fit(Zero(), lambda rows: (rows, rows[:, 0]), holdout=0.25)
    batches.epoch = 0
    return np.concatenate(Zero.seen)


@pytest.mark.parametrize("model", [SGDRegressor, SGDClassifier, MLPRegressor])
def test_score_of_columns(model: Any) -> None:
    """A target in a column has the score of a vector, and several have their mean."""
    rows = np.random.default_rng(0).normal(size=(2_000, 4))
    rows[:, 2] = rows[:, 0] > 0
    columns = slice(2, 4) if model is MLPRegressor else slice(2, 3)
    batches = chunked(rows).batches(100)
    model = model(random_state=0)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # scikit-learn prefers a vector.
        fitted = batches.fit(
            model, lambda rows: (rows[:, :2], rows[:, columns]), holdout=0.25
        )
    held_out = read_held_out(chunked(rows).batches(100))
    score = model.score(held_out[:, :2], held_out[:, columns])
    assert fitted.scores == pytest.approx((score,), abs=1e-9)


def test_score_of_labels() -> None:
    """With several labels, those rows are right of which all labels are."""
    rows = np.random.default_rng(0).normal(size=(2_000, 2))
    model = MLPClassifier((4,), random_state=0)
    model.partial_fit(rows[:10], rows[:10] > 0, classes=[0, 1])
    batches = chunked(rows).batches(100)
    fitted = batches.fit(model, lambda rows: (rows, rows > 0), holdout=0.25)
    held_out = read_held_out(chunked(rows).batches(100))
    assert fitted.scores == (model.score(held_out, held_out > 0),)
    with pytest.raises(MemkitError, match="there are 2 columns"):
        batches.fit(MLPClassifier(), lambda rows: (rows, rows > 0))


def test_score_of_other_values() -> None:
    """Predictions that the target cannot be compared with are refused."""
    batches = chunked(np.ones((100, 3)), rows=10).batches(5)
    for target, message in (
        (None, "no target to score"),
        (2, r"shapes \(\d+, 1\) and"),
    ):
        with pytest.raises(MemkitError, match=message):
            batches.fit(
                Constant(),
                lambda rows, n=target: (rows, None if n is None else rows[:, :n]),
                holdout=0.5,
            )


def test_no_target(path: Path) -> None:
    """A function may return None as the target, for a model that learns without one."""
    model, other = StandardScaler(), StandardScaler()
    batches = chunked(path, rows=100).batches(64, shuffle=300, seed=0)
    batches.fit(model, lambda frame: (frame[COLUMNS], None))
    chunked(path, columns=COLUMNS).batches(64, shuffle=300, seed=0).fit(other)
    assert np.array_equal(model.mean_, other.mean_)
    assert model.n_samples_seen_ == 2_000


@pytest.mark.parametrize(
    "layout", ["csr_array", "csr_matrix", "coo_array", "csc_matrix"]
)
def test_sparse_features(path: Path, layout: str) -> None:
    """Sparse features are cut into the same batches as dense ones."""
    model, dense = BernoulliNB(), BernoulliNB()
    batches = chunked(path, rows=70).batches(64)
    make = getattr(sparse, layout)
    batches.fit(model, lambda df: (make(df[COLUMNS].to_numpy()), df.value > 0))
    batches.fit(dense, lambda df: (df[COLUMNS].to_numpy(), df.value > 0))
    assert model.class_count_.sum() == 2_000
    assert np.allclose(model.feature_log_prob_, dense.feature_log_prob_)


@pytest.mark.parametrize(
    "values",
    [
        np.array(["a", None] * 50, dtype=object),
        np.array(["a", np.nan] * 50, dtype=object),
        np.array([0.0, np.nan] * 50),
        pd.array(["a", pd.NA] * 50, dtype="string"),
        np.array(["a", 1] * 50, dtype=object),
    ],
)
def test_target_with_missing_values(values: Any) -> None:
    """A missing value is not a class, and a message says so before the training."""
    frame = pd.DataFrame({"a": np.arange(100.0), "kind": values})
    model = SGDClassifier()
    with pytest.raises(MemkitError, match="missing or of another type"):
        chunked(frame).batches(10).fit(model, "kind")
    assert not hasattr(model, "classes_")


class Constant:
    """Does not learn."""

    def partial_fit(self, features: Any, target: Any) -> None:
        """Learn nothing."""

    def predict(self, features: Any) -> Any:
        """Predict zeros."""
        return np.zeros(len(features))


def test_early_end(path: Path) -> None:
    """The training ends when the score has not improved for some epochs."""
    batches = chunked(path, columns=[*COLUMNS, "value"]).batches(100)
    fitted = batches.fit(Constant(), "value", epochs=9, holdout=0.1, patience=2)
    assert (fitted.epochs, fitted.ended_early) == (3, True)
    assert batches.epoch == 3
    fitted = batches.fit(Constant(), "value", epochs=3, holdout=0.1, patience=2)
    assert not fitted.ended_early


def test_function_as_target(path: Path) -> None:
    """A function makes features and target of a block of rows."""
    model = SGDClassifier(random_state=0)
    chunked(path).batches(300).fit(model, lambda df: (df[COLUMNS], df.value > 0))
    assert list(model.classes_) == [False, True]
    with pytest.raises(MemkitError, match=r"a pair \(features, target\), not a Series"):
        chunked(path).batches(300).fit(model, lambda df: df.value)


def test_classes(path: Path) -> None:
    """Classes are found by a first pass, given, or those that the model knows."""
    batches = chunked(path, columns=[*COLUMNS, "kind"]).batches(300)
    model = SGDClassifier(random_state=0)
    with pytest.raises(MemkitError, match="the value 'z', which is not among"):
        batches.fit(model, "kind", classes=["x", "y"])
    with pytest.raises(MemkitError, match="the value 'z', which is not among"):
        batches.fit(model, "kind")
    # The remedy: a new model, and a first pass.
    assert batches.fit(SGDClassifier(), "kind").classes == ("x", "y", "z")
    once = chunked(iter([[0.0, 1.0], [1.0, 0.0]])).batches(2)
    with pytest.raises(MemkitError, match=r"read only once.*classes=\[False, True\]"):
        once.fit(SGDClassifier(), _split_rows)
    assert once.fit(SGDClassifier(), _split_rows, classes=[False, True]).rows == 2


def _split_rows(rows: list[list[float]]) -> tuple[Any, Any]:
    table = np.asarray(rows)
    return table[:, :1], table[:, 1] > 0


def test_progress(path: Path) -> None:
    """Each batch is reported, with the last score."""
    steps: list[FitStep] = []
    chunked(path, columns=[*COLUMNS, "value"]).batches(1_000).fit(
        SGDRegressor(), "value", epochs=2, progress=steps.append
    )
    assert [(s.epoch, s.epochs, s.batches, s.rows, s.total_rows) for s in steps] == [
        (1, 2, 1, 1_000, 4_000),
        (1, 2, 2, 2_000, 4_000),
        (2, 2, 3, 3_000, 4_000),
        (2, 2, 4, 4_000, 4_000),
    ]


@pytest.mark.parametrize(
    ("model", "options", "message"),
    [
        (DecisionTreeClassifier(), {}, "a DecisionTreeClassifier has no partial_fit"),
        (SGDRegressor, {}, "SGDRegressor is a class; train a model of it"),
        (SGDRegressor(), {"target": "values"}, "not a column .* are a, b, kind, value"),
        (SGDRegressor(), {"epochs": 0}, "epochs must be at least 1, not 0"),
        (SGDRegressor(), {"patience": 2}, "patience needs a score; add holdout"),
        (SGDRegressor(), {"holdout": 1.5}, "holdout is a fraction from 0 to 1"),
        (SGDRegressor(), {"holdout": 0.001}, "too few chunks to hold out"),
        (MiniBatchKMeans(), {"target": None, "holdout": 0.1}, "leave out holdout"),
    ],
)
def test_bad_input(
    path: Path, model: Any, options: dict[str, Any], message: str
) -> None:
    """What is invalid is refused before the model has learned anything."""
    before = dict(vars(model))
    with pytest.raises(MemkitError, match=message):
        chunked(path).batches(100).fit(model, **{"target": "value", **options})
    assert vars(model) == before


def test_read_once() -> None:
    """Data that can be read only once are refused for several epochs."""
    batches = chunked(iter([[0.0, 1.0]])).batches(2)
    with pytest.raises(MemkitError, match="leave out epochs"):
        batches.fit(SGDRegressor(), _split_rows, epochs=2)
