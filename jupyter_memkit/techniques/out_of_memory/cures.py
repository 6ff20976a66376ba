"""The remedies for a model that has run out of memory, chosen by how it was called."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping

from jupyter_memkit.techniques.guard.records import Cure
from jupyter_memkit.techniques.out_of_memory.model_call import ModelCall
from jupyter_memkit.techniques.out_of_memory.records import OutOfMemory
from jupyter_memkit.units import format_bytes

# The settings of torch's allocator: since 2.9, and before.
_SETTINGS = ("PYTORCH_ALLOC_CONF", "PYTORCH_CUDA_ALLOC_CONF")
_SEGMENTS = "expandable_segments:True"


def find_cures(
    failed: OutOfMemory,
    call: ModelCall | None,
    environ: Mapping[str, str] = os.environ,
) -> Iterator[Cure]:
    """Yield the remedies that apply.

    Parameters
    ----------
    failed : OutOfMemory
        The figures of the failure.
    call : ModelCall or None
        The call that failed, if it was that of a torch model.
    environ : mapping of str to str
        The environment, for the settings of torch's allocator.
    """
    if call is not None:
        yield from _find_batch(failed, call)
        yield from _find_graph(call)
        yield from _find_gradients(call)
    yield from _find_segments(failed, environ)


def _find_batch(failed: OutOfMemory, call: ModelCall) -> Iterator[Cure]:
    """Yield a smaller batch, computed from the memory of a row.

    The call ended early, so the whole call takes more than it held and asked for.
    """
    if not call.batch or not failed.asked_bytes or failed.free_bytes is None:
        return
    # With its frames, other variables of the cell's functions were freed as well.
    held_bytes = min(failed.returned_bytes, call.activation_bytes)
    needed_bytes = held_bytes + failed.asked_bytes
    fitting = call.batch * failed.free_bytes // needed_bytes
    if 0 < fitting < call.batch:
        row = format_bytes(needed_bytes // call.batch)
        yield Cure(
            kind="batch",
            code=f"batches of fewer than {fitting:,} rows",
            use="edit",
            saves_bytes=None,
            why=f"{call.model} had used {row} per row with {call.batch:,} rows when it "
            "failed, and would have needed more",
        )


def _find_graph(call: ModelCall) -> Iterator[Cure]:
    if not call.records:
        return
    if not call.trains:
        yield Cure(
            kind="inference",
            code="with torch.inference_mode():",
            use="edit",
            saves_bytes=None,
            why=f"{call.model} is in evaluation mode, and its graph was recorded",
        )
    elif not call.checkpoints:
        code = "torch.utils.checkpoint.checkpoint(layer, x, use_reentrant=False)"
        if call.enables:
            code = "model.gradient_checkpointing_enable()"
        yield Cure(
            kind="checkpointing",
            code=code,
            use="edit",
            saves_bytes=None,
            why="computes activations again in the backward pass, which takes longer",
        )


def _find_gradients(call: ModelCall) -> Iterator[Cure]:
    if call.grad_bytes:
        yield Cure(
            kind="gradients",
            code="optimizer.zero_grad(set_to_none=True)",
            use="edit",
            saves_bytes=call.grad_bytes,
            why=f"before the call, if {call.model} does not accumulate gradients",
        )


def _find_segments(failed: OutOfMemory, environ: Mapping[str, str]) -> Iterator[Cure]:
    if any(_SEGMENTS in environ.get(name, "") for name in _SETTINGS):
        return
    asked_bytes, unusable_bytes = failed.asked_bytes, failed.unusable_bytes
    if asked_bytes and unusable_bytes and unusable_bytes >= asked_bytes:
        yield Cure(
            kind="segments",
            code=f"%env PYTORCH_CUDA_ALLOC_CONF={_SEGMENTS}",
            use="edit",
            saves_bytes=unusable_bytes,
            why="in the first cell after a restart, because it takes effect before "
            "torch uses the GPU",
        )
