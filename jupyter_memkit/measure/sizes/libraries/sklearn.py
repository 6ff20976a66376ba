"""Estimators, which consist of Python objects and arrays, except for trees."""

from __future__ import annotations

import sys
from typing import Any

from jupyter_memkit.measure.sizes.allocation import allocated
from jupyter_memkit.measure.sizes.parts import Parts
from jupyter_memkit.measure.sizes.registry import sizer, transparent

transparent("sklearn._loss._loss.", "sklearn.linear_model._sgd_fast.")
transparent("sklearn.metrics._dist_metrics.DistanceMetric", at_most=4096)

# The structure ``Node`` of sklearn/tree/_tree.pxd.
_NODE_BYTES = 64
_VALUE_BYTES = 8


@sizer("sklearn.tree._tree.Tree")
def size_tree(tree: Any) -> Parts:
    """Size a decision tree by its capacity of nodes."""
    values = tree.n_outputs * tree.max_n_classes * _VALUE_BYTES
    return Parts(
        own_bytes=allocated(sys.getsizeof(tree))
        + allocated(tree.capacity * _NODE_BYTES)
        + allocated(tree.capacity * values)
    )


@sizer(
    *(
        f"sklearn.neighbors.{module}.BinaryTree{bits}"
        for module in ("_kd_tree", "_ball_tree")
        for bits in ("64", "32", "")  # without a number before scikit-learn 1.3
    )
)
def size_search_tree(tree: Any) -> Parts:
    """Size a tree for neighbours by its arrays, of which the first is the data."""
    return Parts(
        own_bytes=allocated(sys.getsizeof(tree)), children=tuple(tree.get_arrays())
    )
