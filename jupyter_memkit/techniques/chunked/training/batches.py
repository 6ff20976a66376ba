"""The Python API of training: the rows of a source as batches, epoch after epoch."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, Any, TypeAlias

from jupyter_memkit.errors import MemkitError
from jupyter_memkit.techniques.chunked.settings import Settings
from jupyter_memkit.techniques.chunked.sources.base import Source
from jupyter_memkit.techniques.chunked.training.epochs import read_epoch
from jupyter_memkit.techniques.chunked.training.features import ToArrays
from jupyter_memkit.techniques.chunked.training.fitting import FitOptions, FitStep, fit
from jupyter_memkit.techniques.chunked.training.libraries import require_import
from jupyter_memkit.techniques.chunked.training.order import BatchPlan
from jupyter_memkit.techniques.chunked.training.parts import Parts

if TYPE_CHECKING:
    from jupyter_memkit.techniques.chunked.training.fitted import Fitted

# A column, or a function that splits rows into features and target.
Target: TypeAlias = "str | Callable[[Any], Any]"


class Batches:
    """The rows of a source as batches, as `Chunked.batches` returns them.

    Each iteration is an epoch, which has every row once; shuffled, each epoch has
    another order.

    Attributes
    ----------
    epoch : int
        The number of the next epoch, from 0. Set it to repeat or to continue.
    seed : int
        The seed, chosen at random unless it was given.
    """

    def __init__(self, source: Source, settings: Settings, plan: BatchPlan) -> None:
        if settings.limit is not None:
            message = "limit counts chunks, which batches do not keep; leave it out"
            raise MemkitError(message)
        self.epoch = 0
        self.seed = plan.seed
        self._plan = plan
        # Small parts mix better in the reservoir.
        most_rows = None if plan.shuffle is None else max(1, plan.shuffle // 32)
        self._parts = Parts(source, settings, most_rows)

    def __iter__(self) -> Iterator[Any]:
        """Start the next epoch, whose batches have the form of the chunks."""
        return self._start(None)

    def __len__(self) -> int:
        """Return the number of batches in an epoch, if the rows can be counted."""
        total = self._parts.source.total_rows
        if total is None or self._plan.size is None:
            # `list` asks for the length, and accepts only this type as an answer.
            message = (
                f"the rows of {self._parts.source.name} are not known before they are "
                "read; count the batches of an epoch"
            )
            raise TypeError(message)
        size = self._plan.size
        return total // size if self._plan.drop_last else -(-total // size)

    def __repr__(self) -> str:
        """Name the source, and the size of the batches."""
        rows = "a chunk" if self._plan.size is None else f"{self._plan.size:,} rows"
        return f"<batches of {rows} from {self._parts.source.name}>"

    def numpy(self, target: Target | None = None) -> Iterator[Any]:
        """Start the next epoch with batches of numpy arrays, which JAX accepts too.

        Parameters
        ----------
        target : str or callable, optional
            The column to predict, or a function of a block of rows that returns its
            features and its target.

        Yields
        ------
        tuple of numpy.ndarray or dict
            The features, a column each, and the target; without a target the array of
            each column, by its name.

        Raises
        ------
        MemkitError
            If a column is missing, or holds no numbers; the message names it.

        Examples
        --------
        >>> import numpy as np
        >>> from jupyter_memkit.techniques.chunked import chunked
        >>> table = np.arange(12.0).reshape(6, 2)
        >>> [len(batch) for batch in chunked(table).batches(4).numpy()]
        [4, 2]
        """
        self._check_target(target)
        return self._start(ToArrays(self._parts.source.name, target))

    def torch(self, target: Target | None = None) -> Any:
        """Return the batches as an IterableDataset of tensors.

        Each worker of a DataLoader, on each rank of ``torch.distributed``, reads its
        own parts of the source, the same in each epoch, so that no row is read twice.
        Its batches do not change the source. The workers share the reservoir
        and the budget of a rank. Ranks may get different numbers of batches, which
        ``torch.distributed.algorithms.Join`` allows for.

        Parameters
        ----------
        target : str or callable, optional
            As in `numpy`. Features, and targets with fractions, then have torch's
            default type, and the features are one tensor.

        Returns
        -------
        torch.utils.data.IterableDataset
            For ``DataLoader(dataset, batch_size=None, num_workers=2)``: its items are
            batches. ``set_epoch(n)`` repeats or continues.

        Raises
        ------
        MemkitError
            If torch is not imported.
        """
        require_import("torch", "torch.utils.data")
        self._check_target(target)
        from jupyter_memkit.techniques.chunked.training.libraries.torch import (  # noqa: PLC0415 - torch is optional
            TorchBatches,
        )

        return TorchBatches(self._parts, self._plan, target, self.epoch)

    def xgboost(self, target: Target) -> Any:
        """Return the batches as a DataIter of XGBoost, which reads them repeatedly.

        Parameters
        ----------
        target : str or callable
            As in `numpy`.

        Returns
        -------
        xgboost.DataIter
            For ``xgboost.QuantileDMatrix(it)`` or ``ExtMemQuantileDMatrix(it)``.

        Raises
        ------
        MemkitError
            If xgboost is not imported.
        """
        require_import("xgboost", "xgboost")
        self._check_target(target)
        from jupyter_memkit.techniques.chunked.training.libraries.xgboost import (  # noqa: PLC0415 - xgboost is optional
            XgboostBatches,
        )

        return XgboostBatches(self._parts, self._plan, target, self.epoch)

    def lightgbm(self, target: Target) -> Any:
        """Return the rows as a Sequence of LightGBM, in the order of the source.

        This reads the data once, to count the rows and to collect the target.

        Parameters
        ----------
        target : str or callable
            As in `numpy`.

        Returns
        -------
        lightgbm.Sequence
            For ``lightgbm.Dataset(sequence, label=sequence.target)``.

        Raises
        ------
        MemkitError
            If lightgbm is not imported, the batches are shuffled, or the source can be
            read only from start to end.
        """
        require_import("lightgbm", "lightgbm")
        self._check_target(target)
        from jupyter_memkit.techniques.chunked.training.libraries.lightgbm import (  # noqa: PLC0415 - lightgbm is optional
            LightgbmRows,
        )

        return LightgbmRows(self._parts, self._plan, target)

    def fit(
        self,
        model: Any,
        target: Target | None = None,
        *,
        classes: Sequence[Any] | None = None,
        epochs: int = 1,
        holdout: float = 0.0,
        patience: int | None = None,
        progress: Callable[[FitStep], object] | None = None,
    ) -> Fitted:
        """Train a model by its ``partial_fit``, batch by batch.

        Parameters
        ----------
        model : object
            A model with ``partial_fit``, such as many of scikit-learn.
        target : str or callable, optional
            The column to predict, or a function of a block of rows that returns its
            features and its target; without it the rows are the features.
        classes : sequence, optional
            All values of the target of a classifier. By default a first pass over the
            data finds them, unless the model knows them already.
        epochs : int
            The most passes over the data.
        holdout : float
            The fraction of the chunks to score the model on after each epoch, instead
            of training on them; 0 holds out nothing.
        patience : int, optional
            End when the score has not improved for so many epochs.
        progress : callable, optional
            Called after each batch with a `FitStep`.

        Returns
        -------
        Fitted
            What was done, with the score of each epoch.

        Raises
        ------
        MemkitError
            If the model has no ``partial_fit``, or an argument is invalid. What the
            model has learned before stays.

        Examples
        --------
        >>> from jupyter_memkit.techniques.chunked import chunked
        >>> class Total:
        ...     rows = 0
        ...     def partial_fit(self, rows):
        ...         self.rows += len(rows)
        >>> model = Total()
        >>> chunked(range(100), rows=30).batches(8).fit(model, epochs=2).epochs
        2
        >>> model.rows
        200
        """
        __tracebackhide__ = True
        self._check_target(target)
        options = FitOptions(
            target=target,
            classes=None if classes is None else tuple(classes),
            epochs=epochs,
            holdout=holdout,
            patience=patience,
        )
        fitted = fit(self._parts, self._plan, model, options, self.epoch, progress)
        self.epoch += fitted.epochs
        return fitted

    def _start(self, convert: Callable[[Any], Any] | None) -> Iterator[Any]:
        epoch, self.epoch = self.epoch, self.epoch + 1
        return read_epoch(self._parts, self._plan, epoch, convert=convert)

    def _check_target(self, target: Target | None) -> None:
        """Reject a target that is not among the columns, if these are known."""
        settings = self._parts.settings
        columns = settings.columns or self._parts.source.columns()
        if not isinstance(target, str) or columns is None or target in columns:
            return
        message = (
            f"the target {target!r} is not a column that is read from "
            f"{self._parts.source.name}; these are {', '.join(columns)}"
        )
        raise MemkitError(message)
