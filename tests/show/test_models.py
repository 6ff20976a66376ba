"""Reports on models, from records."""

from __future__ import annotations

from jupyter_memkit.measure.models import (
    DeviceCache,
    LayerSize,
    ModelSize,
    ModelSizes,
    Split,
)
from jupyter_memkit.show.models import (
    build_model_report,
    describe_models,
    explain_models,
)

MIB = 1024 * 1024
MODEL = ModelSize(
    name="trainer.net",
    variable="trainer",
    type="torch.nn.Sequential",
    devices={
        "RAM": Split(parameters_bytes=2 * MIB, optimizer_bytes=4 * MIB),
        "cuda:0": Split(parameters_bytes=MIB, activations_bytes=8 * MIB),
    },
    layers=(
        LayerSize(name="0", type="torch.nn.Linear", split=Split(parameters_bytes=MIB)),
        LayerSize(name="", type="Net", split=Split(buffers_bytes=2 * MIB)),
    ),
)
CACHES = (
    DeviceCache(
        device="cuda:0", used_bytes=9 * MIB, free_bytes=3 * MIB, split_bytes=MIB
    ),
    DeviceCache(device="pinned", used_bytes=MIB, free_bytes=0),
)


def test_parts() -> None:
    """A variable opens into the parts of its models, by location, without zeros."""
    assert describe_models("trainer", [MODEL]) == (
        (".net parameters", "2.0 MiB + 1.0 MiB on cuda:0"),
        (".net optimizer state", "4.0 MiB"),
        (".net activations", "8.0 MiB on cuda:0"),
    )
    assert describe_models("net", [MODEL]) == ()


def test_notes() -> None:
    """Allocators of devices are described, and lower bounds are marked."""
    sizes = ModelSizes(models=(MODEL,), caches=CACHES, complete=False)
    held, cuda, pinned, bound = explain_models([MODEL], sizes)
    assert held.startswith(
        "Optimizer state and activations are listed with their model"
    )
    assert cuda == (
        "torch's allocator, cuda:0: 9.0 MiB in use, 3.0 MiB free, 1.0 MiB of it in "
        "blocks that are partly used."
    )
    assert pinned == (
        "torch's allocator, pinned host memory: 1.0 MiB in use, 0 B free."
    )
    assert bound.startswith("The parts of models are lower bounds")


def test_layers() -> None:
    """A model is listed by layer, with a column for each purpose that occurs."""
    report = build_model_report(MODEL, ModelSizes(models=(MODEL,)))
    assert report.title == "trainer.net: 15.0 MiB"
    assert report.table is not None
    assert [heading for heading, _ in report.table.columns] == [
        *("layer", "total", "parameters", "buffers", "type")
    ]
    assert report.table.rows == (
        ("0", "1.0 MiB", "1.0 MiB", "", "Linear"),
        ("(itself)", "2.0 MiB", "", "2.0 MiB", "Net"),
    )
