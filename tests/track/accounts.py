"""Accounts of cells."""

from __future__ import annotations

from jupyter_memkit.track.cells import CellRecord


def make_record(number: int, duration_s: float, gc_s: float) -> CellRecord:
    """Make the account of a cell."""
    return CellRecord(
        execution_count=number,
        cell_id=None,
        first_line="",
        started_s=0.0,
        duration_s=duration_s,
        before_bytes=0,
        after_bytes=0,
        peak_bytes=0,
        exact=True,
        peak_line=None,
        children_before_bytes=0,
        children_peak_bytes=0,
        children_exact=True,
        gpu_before_bytes=None,
        gpu_peak_bytes=None,
        gpus=(),
        gc_s=gc_s,
        gc_young=0,
        gc_middle=0,
        gc_old=0,
        gc_young_s=0.0,
        gc_middle_s=0.0,
        gc_old_s=0.0,
        gc_found=0,
        minor_faults=None,
        major_faults=None,
        error=None,
    )
