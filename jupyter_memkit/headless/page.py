"""The report of a notebook as one page of HTML."""

from __future__ import annotations

from jupyter_memkit.headless.records import CellRun, NotebookRun
from jupyter_memkit.headless.report import build_report
from jupyter_memkit.show import page
from jupyter_memkit.show.plot import new_timeline
from jupyter_memkit.show.plot_spans import Span
from jupyter_memkit.show.plot_timeline import draw_timeline


def build_page(run: NotebookRun) -> str:
    """Return a page with the chart, the figures and the cells of a run."""
    sections = [("Cells", build_report(run).html())]
    if run.samples:
        sections.insert(0, ("Timeline", _draw(run)))
    return page.build_page(f"Memory of {run.notebook}", sections)


def _draw(run: NotebookRun) -> str:
    axes = new_timeline({"samples": run.samples, "cells": run.cells})
    draw_timeline(
        axes,
        samples=run.samples,
        spans=[_build_span(cell) for cell in run.cells],
        limit=run.gauge,
        since_s=run.samples[0].t_s,
    )
    return page.draw_svg(axes.figure.figure)


def _build_span(cell: CellRun) -> Span:
    return Span(
        from_s=cell.started_s,
        to_s=cell.started_s + cell.duration_s,
        label=f"{cell.number}" + ("×" if cell.error else ""),  # noqa: RUF001 - a cross, for failed
        rise_bytes=cell.peak_bytes - cell.before_bytes,
        peak_bytes=cell.peak_bytes,
        exact=cell.exact,
        running=False,
    )
