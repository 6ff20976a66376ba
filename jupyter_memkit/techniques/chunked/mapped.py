"""A function over chunks: iterated for its values, or reduced to one result."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from typing import Any

from jupyter_memkit.measure.peak import peak_meter
from jupyter_memkit.techniques.chunked.combine import Reduction, open_reduction
from jupyter_memkit.techniques.chunked.run import Run
from jupyter_memkit.techniques.chunked.source import Source
from jupyter_memkit.techniques.chunked.summary import ChunkedSummary


class Mapped:
    """A function to run over the chunks of a source, got from `Chunked.map`.

    Iterating over it gives the function's values, one chunk at a time.

    Attributes
    ----------
    summary : ChunkedSummary or None
        The account of the last `run` or `reduce`. After one that failed it holds
        what was done until then, with the result of those chunks as its value.
    position : str
        Where the last run ended, such as ``chunk 3 (rows 200,000 to 299,999)``.
    in_function : bool
        Whether the last run ended by an exception of the function itself.
    """

    def __init__(
        self, source: Source, rows: int, function: Callable[[Any], Any]
    ) -> None:
        self.summary: ChunkedSummary | None = None
        self.position = ""
        self.in_function = False
        self._source = source
        self._rows = rows
        self._function = function

    @property
    def total_rows(self) -> int | None:
        """The rows of the source where they are cheaply known."""
        return self._source.total_rows

    def __iter__(self) -> Iterator[Any]:
        """Read the source from its start, and give the value of each chunk."""
        values: list[Any] = []
        run = Run(self._source, self._rows, self._function, values.append)
        try:
            while run.step():
                yield values.pop()
        finally:
            run.close()

    def reduce(self, op: str | Callable[[Any, Any], Any]) -> Any:
        """Run over all chunks and make one result of their values.

        Parameters
        ----------
        op : str or callable
            ``"sum"``, ``"min"``, ``"max"``, ``"count"``, ``"concat"``,
            ``"append"``, ``"union"`` or ``"merge"``, or a function of the result
            so far and the next value.

        Returns
        -------
        object
            The result. Only ``concat`` and ``append`` keep the values until the end.

        Raises
        ------
        SourceError
            When the source has no rows, or breaks on the way.
        ReduceError
            When the values do not fit the reduction.

        Examples
        --------
        >>> from jupyter_memkit.techniques.chunked import chunked
        >>> chunked(range(100), rows=10).map(sum).reduce("max")
        945
        """
        __tracebackhide__ = True
        return self.run(op).value

    def run(
        self,
        op: str | Callable[[Any, Any], Any] | None = None,
        *,
        progress: Callable[[int], object] | None = None,
    ) -> ChunkedSummary:
        """Run over all chunks and return the account of it.

        Parameters
        ----------
        op : str or callable, optional
            As in `reduce`; without it the values are dropped, and the function's
            side effects are the result.
        progress : callable, optional
            Called after each chunk with the number of rows done.

        Returns
        -------
        ChunkedSummary
            The account, with the reduction's result as its ``value``.
        """
        __tracebackhide__ = True
        reduction = open_reduction(op)
        run = Run(self._source, self._rows, self._function, reduction.add)
        value = None
        start_s = time.perf_counter()
        watch = peak_meter().open()
        try:
            while run.step():
                if progress is not None:
                    progress(run.rows)
            value = reduction.result()
        except BaseException:
            value = _rescue(reduction)
            raise
        finally:
            run.close()
            peak = watch.close()
            self.position = run.position
            self.in_function = run.in_function
            self.summary = summary = ChunkedSummary(
                chunks=run.chunks,
                rows=run.rows,
                duration_s=time.perf_counter() - start_s,
                before_bytes=peak.before_bytes,
                peak_bytes=peak.peak_bytes,
                exact=peak.exact,
                value=value,
            )
        return summary


def _rescue(reduction: Reduction) -> Any:
    """Return what there is after a failure, which may be for want of memory."""
    try:
        return reduction.result()
    except Exception:  # noqa: BLE001 - the user's error is on its way; this would hide it
        return reduction.parts()
