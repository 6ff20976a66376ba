"""Trains models on data that does not fit into memory, in batches of rows.

`parts` finds the places where a source can be entered, so that reading can start
anywhere and be shared among processes. `epochs` reads the parts in their `order`, mixes
them in a `reservoir`, and cuts them into batches. `features` turns `rows` into arrays.
`fitting` is the loop of ``partial_fit``, with `classes`, `scoring` and `holdout`.
`batches` is the Python API; ``libraries/`` gives the batches to torch, XGBoost and
LightGBM, one file per library, imported only when the user has imported it.
"""

from __future__ import annotations

from jupyter_memkit.techniques.chunked.training.batches import Batches
from jupyter_memkit.techniques.chunked.training.fitted import Fitted
from jupyter_memkit.techniques.chunked.training.fitting import FitStep
from jupyter_memkit.techniques.chunked.training.order import BatchPlan

__all__ = ["BatchPlan", "Batches", "FitStep", "Fitted"]
