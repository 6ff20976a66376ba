"""Cells as functions of a chunk."""

from __future__ import annotations

import ast
from collections import Counter
from typing import Any

import numpy as np
import pandas as pd
import polars as pl

from jupyter_memkit.techniques.chunked.body import CellBody


def make_body(code: str, **names: Any) -> CellBody:
    """Return a cell whose chunk is df."""
    namespace = {"pd": pd, "np": np, "pl": pl, "Counter": Counter, **names}
    return CellBody(
        ast.parse(code),
        "cell",
        namespace=namespace,
        name="df",
        source=code,
        compile_code=compile,  # type: ignore[arg-type] # of a tree
    )
