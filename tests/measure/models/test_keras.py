"""Models of Keras on torch."""

from __future__ import annotations

import importlib.util
import json
import os
import subprocess
import sys

import pytest

pytestmark = [
    pytest.mark.ml,
    pytest.mark.traced_children,
    pytest.mark.skipif(
        importlib.util.find_spec("keras") is None, reason="needs keras (make test-ml)"
    ),
]

PROGRAM = """
import json
import keras, numpy
from jupyter_memkit.measure.models import model_sizes

model = keras.Sequential([keras.layers.Input((100,)), keras.layers.Dense(100)])
model.compile(optimizer="adam", loss="mse")
model.fit(numpy.ones((8, 100)), numpy.ones((8, 100)), verbose=0)
sizes = model_sizes({"model": model})
split = sizes.total
print(
    json.dumps(
        {
            "models": [each.name for each in sizes.models],
            "parameters": split.parameters_bytes,
            "gradients": split.gradients_bytes,
            "optimizer": split.optimizer_bytes,
        }
    )
)
"""


def test_state_of_an_optimizer_of_keras() -> None:
    """The layers are parts of their model, which has what Adam keeps for it."""
    # Keras reads its backend when it is imported.
    lines = subprocess.run(
        [sys.executable, "-c", PROGRAM],
        env={**os.environ, "KERAS_BACKEND": "torch"},
        check=True,
        capture_output=True,
        text=True,
    ).stdout.splitlines()
    parameters_bytes = 4 * (100 * 100 + 100)
    found = json.loads(lines[-1])
    assert found["models"] == ["model"]
    assert found["parameters"] == found["gradients"] == parameters_bytes
    # Two moments, the number of steps, and the rate.
    assert found["optimizer"] == pytest.approx(2 * parameters_bytes, abs=64)
