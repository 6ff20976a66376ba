"""Tensors and variables of TensorFlow, which is no part of any group.

To run these tests: ``pip install tensorflow-cpu``.
"""

from __future__ import annotations

import importlib.util
import subprocess
import sys

import pytest

PROGRAM = """
import numpy, tensorflow
from jupyter_memkit import sizeof, sizes

DATA_BYTES = 4 * 1000 * 1000

def check(value, n_bytes=DATA_BYTES):
    size = sizeof(value)
    assert size.exact, size.opaque
    assert n_bytes <= size.bytes < n_bytes + 10_000, size

tensor = tensorflow.ones((1000, 1000))
check(tensor)
check([tensor, tensorflow.reshape(tensor, (-1,)), tensorflow.identity(tensor)])
check(tensorflow.ones((1000, 2000), tensorflow.bfloat16))
check(tensorflow.Variable(numpy.ones((1000, 1000), "f")))
check(tensorflow.keras.Variable(numpy.ones((1000, 1000), "f")))
check(tensorflow.Variable(1.0), 4)
variable = tensorflow.Variable(tensor)
check([variable, variable.assign_add(tensor)])
for unknown in (
    tensorflow.constant(["a text of unknown length"]),
    tensorflow.Variable("a"),
    tensorflow.Variable(tensor, shape=tensorflow.TensorShape([None, 1000])),
    tensorflow.data.Dataset.range(3)._variant_tensor,
    tensorflow.lookup.StaticHashTable(
        tensorflow.lookup.KeyValueTensorInitializer(["a"], [1]), 0
    ),
):
    assert not sizeof(unknown).exact
with tensorflow.GradientTape() as tape:
    sizes({"variable": variable, "tensor": tensor})
assert tape.watched_variables() == ()
"""


@pytest.mark.skipif(
    importlib.util.find_spec("tensorflow") is None, reason="needs tensorflow-cpu"
)
def test_tensors_and_variables() -> None:
    """Memory counts once and exactly, what is unknown is marked, no tape records it."""
    subprocess.run([sys.executable, "-c", PROGRAM], check=True)
