"""The loop of ``partial_fit``: epochs over batches, a score, and an early end."""

from __future__ import annotations

import operator
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from jupyter_memkit.errors import MemkitError
from jupyter_memkit.measure.peak import peak_meter
from jupyter_memkit.techniques.chunked.frames.backends import load_backend
from jupyter_memkit.techniques.chunked.libraries import import_library
from jupyter_memkit.techniques.chunked.training.classes import (
    check_classes,
    find_classes,
    find_values,
    takes_classes,
)
from jupyter_memkit.techniques.chunked.training.epochs import read_epoch
from jupyter_memkit.techniques.chunked.training.features import (
    SplitTarget,
    ToArrays,
)
from jupyter_memkit.techniques.chunked.training.fitted import Fitted
from jupyter_memkit.techniques.chunked.training.holdout import Holdout
from jupyter_memkit.techniques.chunked.training.order import BatchPlan
from jupyter_memkit.techniques.chunked.training.parts import Parts
from jupyter_memkit.techniques.chunked.training.rows import count_rows, is_sparse
from jupyter_memkit.techniques.chunked.training.scoring import score_batches


@dataclass(frozen=True, slots=True, kw_only=True)
class FitOptions:
    """The choices for a training, as `Batches.fit` explains."""

    target: str | Callable[[Any], Any] | None = None
    classes: tuple[Any, ...] | None = None
    epochs: int = 1
    holdout: float = 0.0
    patience: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class FitStep:
    """The progress of a training, for a progress bar.

    Attributes
    ----------
    epoch, epochs : int
        The number of the epoch, from 1, and the most epochs.
    batches, rows : int
        The batches and rows of all epochs that the model was trained on.
    total_rows : int, optional
        The rows of all epochs, if known.
    score : float, optional
        The last score.
    """

    epoch: int
    epochs: int
    batches: int
    rows: int
    total_rows: int | None
    score: float | None


def fit(
    parts: Parts,
    plan: BatchPlan,
    model: Any,
    options: FitOptions,
    first_epoch: int,
    progress: Callable[[FitStep], object] | None,
) -> Fitted:
    """Train a model; `Batches.fit` explains the arguments."""
    __tracebackhide__ = True
    start_s = time.perf_counter()
    load_backend(parts.settings.backend)
    watch = peak_meter().open()
    training = _Training(parts, plan, model, options)
    try:
        training.run(first_epoch, progress)
    finally:
        peak = watch.close()
    return Fitted(
        source=parts.source.name,
        model=type(model).__name__,
        epochs=training.epochs,
        batches=training.batches,
        rows=training.rows,
        held_out_rows=training.held_out_rows,
        scores=tuple(training.scores),
        ended_early=training.ended_early,
        classes=None if training.classes is None else tuple(training.classes.tolist()),
        duration_s=time.perf_counter() - start_s,
        before_bytes=peak.before_bytes,
        peak_bytes=peak.peak_bytes,
        budget_bytes=parts.settings.memory_bytes,
        exact=peak.exact,
    )


class _Training:
    """A training under way."""

    def __init__(
        self, parts: Parts, plan: BatchPlan, model: Any, options: FitOptions
    ) -> None:
        self.epochs = self.batches = self.rows = self.held_out_rows = 0
        self.scores: list[float] = []
        self.ended_early = False
        self._parts = parts
        self._plan = plan
        self._model = model
        self._options = options
        self._holdout = Holdout(options.holdout)
        self._split = SplitTarget(parts.source.name, options.target)
        self._prepare = _Prepare(self._split)
        self._check()
        self._check_holdout()
        self._is_classifier = options.target is not None and takes_classes(model)
        self._is_new = not hasattr(model, "classes_")
        self.classes = self._find_classes() if self._is_classifier else None

    def run(
        self, first_epoch: int, progress: Callable[[FitStep], object] | None
    ) -> None:
        """Train epoch by epoch."""
        __tracebackhide__ = True
        options, best, since = self._options, -float("inf"), 0
        for epoch in range(options.epochs):
            self._train(first_epoch + epoch, progress)
            self.epochs += 1
            if not options.holdout:
                continue
            score = self._score()
            self.scores.append(score)
            since = 0 if score > best else since + 1
            best = max(best, score)
            if options.patience is not None and since >= options.patience:
                self.ended_early = epoch + 1 < options.epochs
                return

    def _train(self, epoch: int, progress: Callable[[FitStep], object] | None) -> None:
        __tracebackhide__ = True
        total = self._parts.source.total_rows
        select = self._holdout.trains if self._options.holdout else None
        before = self.batches
        for batch in read_epoch(
            self._parts, self._plan, epoch, convert=self._prepare, select=select
        ):
            self._learn(batch)
            self.batches += 1
            self.rows += count_rows(batch)
            del batch
            if progress is not None:
                progress(
                    FitStep(
                        epoch=self.epochs + 1,
                        epochs=self._options.epochs,
                        batches=self.batches,
                        rows=self.rows,
                        total_rows=None
                        if total is None
                        else total * self._options.epochs,
                        score=self.scores[-1] if self.scores else None,
                    )
                )
        if self.batches == before:
            message = (
                f"all chunks of {self._parts.source.name} are held out, or no batch is "
                "full; use a smaller holdout, or fewer rows"
            )
            raise MemkitError(message)

    def _learn(self, batch: Any) -> None:
        __tracebackhide__ = True
        if self._options.target is None:
            self._model.partial_fit(batch)
            return
        features, target = batch
        if self.classes is None:
            self._model.partial_fit(features, target)
            return
        check_classes(target, self.classes, self._parts.source.name)
        if self._is_new:
            self._model.partial_fit(features, target, classes=self.classes)
            self._is_new = False
        else:
            self._model.partial_fit(features, target)

    def _score(self) -> float:
        plan = BatchPlan()
        batches = read_epoch(
            self._parts, plan, 0, convert=self._prepare, select=self._holdout.tests
        )
        score, self.held_out_rows = score_batches(
            self._model, batches, is_classifier=self._is_classifier
        )
        if not self.held_out_rows:
            raise self._make_holdout_error()
        return score

    def _check_holdout(self) -> None:
        """Reject a fraction that holds out no chunk, or all, as far as known."""
        if not self._options.holdout:
            return
        numbers = self._parts.count_chunks()
        if numbers is None:
            return
        tests = [self._holdout.tests(number) for number in numbers]
        if not any(tests) or all(tests):
            raise self._make_holdout_error()

    def _make_holdout_error(self) -> MemkitError:
        message = (
            f"{self._parts.source.name} has too few chunks to hold out "
            f"{self._options.holdout:.0%} of them; use another holdout, or chunks of "
            "fewer rows, such as chunked(..., rows=1000)"
        )
        return MemkitError(message)

    def _find_classes(self) -> Any:
        numpy = import_library("numpy", "classes")
        if not self._is_new:
            return numpy.asarray(self._model.classes_)
        if self._options.classes is not None:
            return find_values(self._options.classes, "the classes")
        return find_classes(self._parts, self._split)

    def _check(self) -> None:
        """Reject a model that cannot be trained so, and invalid options."""
        model, options = self._model, self._options
        kind = type(model).__name__
        if isinstance(model, type):
            made = f"{model.__name__}()"
            message = (
                f"{model.__name__} is a class; train a model of it, such as {made}"
            )
            raise MemkitError(message)
        if not callable(getattr(model, "partial_fit", None)):
            message = (
                f"a {kind} has no partial_fit, so it cannot learn batch by batch; use "
                "a model that can, such as SGDClassifier, SGDRegressor, MLPClassifier, "
                "GaussianNB or MiniBatchKMeans"
            )
            raise MemkitError(message)
        for name, value in (("epochs", options.epochs), ("patience", options.patience)):
            if value is not None and (
                isinstance(value, bool) or operator.index(value) < 1
            ):
                message = f"{name} must be at least 1, not {value!r}"
                raise MemkitError(message)
        if options.patience is not None and not options.holdout:
            message = "patience needs a score; add holdout=0.1, or --holdout 0.1"
            raise MemkitError(message)
        if options.holdout and (
            options.target is None or not callable(getattr(model, "predict", None))
        ):
            message = (
                f"a {kind} is scored by what it predicts; leave out holdout, or use a "
                "target and a model with predict"
            )
            raise MemkitError(message)
        if (options.epochs > 1 or options.holdout) and not self._parts.is_rereadable:
            message = (
                f"{self._parts.source.name} can be read only once; leave out epochs "
                "and holdout, or use a list, an array or a file"
            )
            raise MemkitError(message)


@dataclass(frozen=True, slots=True)
class _Prepare:
    """Splits rows in the form that scikit-learn takes.

    Tables of Arrow become arrays, and sparse features have rows that can be cut.
    """

    split: SplitTarget

    def __call__(self, rows: Any) -> Any:
        __tracebackhide__ = True
        pair = self.split(rows)
        if self.split.target is None:
            return self._convert(pair)
        features, target = pair
        # A column of Arrow becomes an array.
        target = target.to_numpy() if hasattr(target, "num_chunks") else target
        return self._convert(features), target

    def _convert(self, features: Any) -> Any:
        if is_sparse(features):
            # Other layouts cannot be cut into batches.
            return features.tocsr()
        if not hasattr(features, "column_names"):
            return features
        return ToArrays(self.split.name, None).join(features)
