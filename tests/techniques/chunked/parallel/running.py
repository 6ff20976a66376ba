"""Runs over chunks on a cluster."""

from __future__ import annotations

import ast
from collections.abc import Callable
from typing import Any

from jupyter_memkit.interrupts import Interrupts
from jupyter_memkit.techniques.chunked import chunked
from jupyter_memkit.techniques.chunked.body import CellBody
from jupyter_memkit.techniques.chunked.outcome import ChunkOutcome
from jupyter_memkit.techniques.chunked.parallel.cluster import Cluster
from jupyter_memkit.techniques.chunked.parallel.cluster_run import ClusterRun
from jupyter_memkit.techniques.chunked.position import Position
from jupyter_memkit.techniques.chunked.results.combine import Operation
from jupyter_memkit.techniques.chunked.run import RunSpec

BUDGET_BYTES = 500 << 20


def run_on(
    cluster: Cluster,
    data: Any,
    function: Callable[[Any], Any],
    *,
    operation: Operation | None = None,
    outcomes: list[ChunkOutcome] | None = None,
    **options: Any,
) -> list[ChunkOutcome]:
    """Return the outcomes of the chunks, in order of arrival."""
    chosen = {key: options.pop(key) for key in ("rows", "backend") if key in options}
    job = chunked(data, memory=BUDGET_BYTES, **chosen).map(function)
    source, settings = job._source, job._settings
    request = settings.request(source, settings.plan_rows(source))
    outcomes = [] if outcomes is None else outcomes
    with Interrupts() as interrupts:
        spec = RunSpec(
            source=source,
            request=request,
            function=function,
            position=Position(),
            interrupts=interrupts,
            **options,
        )
        run = ClusterRun(spec, cluster, operation)
        try:
            while (outcome := run.step()) is not None:
                outcomes.append(outcome)
        finally:
            run.close()
    return outcomes


def values(outcomes: list[ChunkOutcome]) -> list[Any]:
    """Return the values of the chunks without an error."""
    return [outcome.take() for outcome in outcomes if outcome.error is None]


def make_cell(text: str, namespace: dict[str, Any]) -> CellBody:
    """Return a cell as a function."""
    return CellBody(
        ast.parse(text),
        "cell",
        namespace=namespace,
        name="chunk",
        source=text,
        compile_code=compile,  # type: ignore[arg-type] # it takes a tree too
    )
