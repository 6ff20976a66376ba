"""Which cures apply to what was seen of a failure."""

from __future__ import annotations

import dataclasses

import pytest

from jupyter_memkit.techniques.out_of_memory.cures import find_cures
from jupyter_memkit.techniques.out_of_memory.model_call import ModelCall
from jupyter_memkit.techniques.out_of_memory.records import OutOfMemory

MIB = 1 << 20

ON_GPU = OutOfMemory(
    library="torch",
    device="cuda:0",
    asked_bytes=200 * MIB,
    unusable_bytes=50 * MIB,
    returned_bytes=800 * MIB,
    free_bytes=500 * MIB,
)
TRAINING = ModelCall(model="Net", batch=1000, activation_bytes=800 * MIB)


def kinds(failed: OutOfMemory, call: ModelCall | None, setting: str = "") -> list[str]:
    """Return the kinds of the cures."""
    environ = {"PYTORCH_ALLOC_CONF": setting}
    return [cure.kind for cure in find_cures(failed, call, environ)]


def test_batch_by_the_bytes_of_a_row() -> None:
    """A batch is compared with what is free, by what a row had taken."""
    cure, _ = find_cures(ON_GPU, TRAINING, {})
    assert cure.code == "batches of fewer than 500 rows"
    assert "Net had used 1.0 MiB per row with 1,000 rows when it" in cure.why


def test_other_memory_is_not_that_of_the_rows() -> None:
    """What the cell held besides the call of the model makes no batch smaller."""
    with_data = dataclasses.replace(ON_GPU, returned_bytes=8000 * MIB)
    assert next(find_cures(with_data, TRAINING, {})).code.endswith("500 rows")


@pytest.mark.parametrize(
    "failed",
    [
        dataclasses.replace(ON_GPU, asked_bytes=None),
        dataclasses.replace(ON_GPU, free_bytes=None),
        # Not a single row would fit, or the whole batch would by now.
        dataclasses.replace(ON_GPU, free_bytes=MIB - 1),
        dataclasses.replace(ON_GPU, free_bytes=2000 * MIB),
    ],
)
def test_batch_that_cannot_be_found(failed: OutOfMemory) -> None:
    """Without figures that explain the failure, no batch is named."""
    assert kinds(failed, TRAINING) == ["checkpointing"]
    assert kinds(ON_GPU, dataclasses.replace(TRAINING, batch=None)) == ["checkpointing"]


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({}, ["checkpointing"]),
        ({"checkpoints": True}, []),
        ({"trains": False}, ["inference"]),
        ({"trains": False, "records": False}, []),
        ({"records": False}, []),
        ({"grad_bytes": MIB}, ["checkpointing", "gradients"]),
    ],
)
def test_cures_of_a_call(changes: dict[str, bool], expected: list[str]) -> None:
    """A graph in evaluation, activations in training, and gradients are cured."""
    call = dataclasses.replace(TRAINING, batch=None, **changes)  # type: ignore[arg-type]
    assert kinds(ON_GPU, call) == expected


def test_checkpointing_by_the_model() -> None:
    """A model of transformers has a method of its own."""
    call = dataclasses.replace(TRAINING, batch=None, enables=True)
    (cure,) = find_cures(ON_GPU, call, {})
    assert cure.code == "model.gradient_checkpointing_enable()"


@pytest.mark.parametrize(
    ("unusable_bytes", "setting", "expected"),
    [
        (199 * MIB, "", []),
        (200 * MIB, "", ["segments"]),
        (200 * MIB, "max_split_size_mb:64,expandable_segments:True", []),
        (None, "", []),
    ],
)
def test_segments(
    unusable_bytes: int | None, setting: str, expected: list[str]
) -> None:
    """Segments that grow help if enough was free in pieces, and are not in use yet."""
    failed = dataclasses.replace(ON_GPU, unusable_bytes=unusable_bytes)
    assert kinds(failed, None, setting) == expected
