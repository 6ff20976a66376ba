"""Releases what the frames of an error hold; the traceback keeps its lines."""

from __future__ import annotations

import traceback

from jupyter_memkit.techniques.error_chain import read_traceback, walk_chain


def release_frames(error: BaseException) -> None:
    """Drop the local variables of all frames of an error, its causes and contexts.

    Frames that still run keep theirs, and so does a notebook, whose variables are not
    local.

    Parameters
    ----------
    error : BaseException
        An error that has ended its code.

    Examples
    --------
    >>> def fail():
    ...     held = bytearray(1000)
    ...     raise MemoryError
    >>> try:
    ...     fail()
    ... except MemoryError as error:
    ...     release_frames(error)
    ...     error.__traceback__.tb_next.tb_frame.f_locals
    {}
    """
    for each in walk_chain(error, hidden=True):
        trace = read_traceback(each)
        traceback.clear_frames(trace)
        while trace is not None:
            # Before Python 3.13, whoever read the variables left a copy at the frame,
            # which is renewed when they are read again.
            trace.tb_frame.f_locals  # noqa: B018 - see above
            trace = trace.tb_next
