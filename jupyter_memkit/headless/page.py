"""The report of a notebook as one page of HTML, which needs no network."""

from __future__ import annotations

import html
import io

from jupyter_memkit.headless.records import CellRun, NotebookRun
from jupyter_memkit.headless.report import build_report
from jupyter_memkit.show.plot import new_timeline
from jupyter_memkit.show.plot_spans import Span
from jupyter_memkit.show.plot_timeline import draw_timeline

_PAGE = """\
<!DOCTYPE html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>{title}</title>
<style>
:root {{ color-scheme: light dark; }}
body {{ font: 14px system-ui, sans-serif; margin: 2em auto; max-width: 72em;
  padding: 0 1em; }}
svg {{ height: auto; max-width: 100%; }}
table {{ border-collapse: collapse; margin: 1em 0; }}
th, td {{ border-bottom: 1px solid #8884; padding: 0.3em 0.8em; }}
</style>
<body>
{chart}
{report}
</body>
</html>
"""


def build_page(run: NotebookRun) -> str:
    """Return a page with the chart, the figures and the cells of a run."""
    chart = ""
    if run.samples:
        written = io.StringIO()
        axes = new_timeline({"samples": run.samples, "cells": run.cells})
        spans = [_build_span(cell) for cell in run.cells]
        draw_timeline(
            axes,
            samples=run.samples,
            spans=spans,
            limit=run.gauge,
            since_s=run.samples[0].t_s,
        )
        axes.figure.figure.savefig(written, format="svg", bbox_inches="tight")
        # Without the declaration of XML, which HTML does not have.
        chart = written.getvalue()
        chart = chart[chart.index("<svg") :]
    return _PAGE.format(
        title=html.escape(run.notebook), chart=chart, report=build_report(run).html()
    )


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
