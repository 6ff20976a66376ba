"""Describes the memory that libraries used on GPUs, and checks it for ``--max-gpu``."""

from __future__ import annotations

from jupyter_memkit.measure.gpu_watch import GpuFigures
from jupyter_memkit.track.mem import MemResult
from jupyter_memkit.units import format_bytes, format_given


def build_refusal(result: MemResult, max_bytes: int) -> str | None:
    """Describe the highest peak on a GPU if it exceeded ``--max-gpu``."""
    highest = max(result.gpus, key=lambda gpu: gpu.rise_bytes, default=None)
    if highest is None or highest.rise_bytes <= max_bytes:
        return None
    return (
        f"the peak of {name_gpu(highest)} was {describe_rise(highest)}, over the "
        f"{format_given(max_bytes)} that --max-gpu allows"
    )


def build_note(result: MemResult, max_bytes: int) -> str | None:
    """Describe why a peak under ``--max-gpu`` proves nothing; None if it does."""
    if not result.gpus:
        return "No library used a GPU, so --max-gpu checked nothing."
    for gpu in result.gpus:
        most_bytes = gpu.at_most_bytes
        if most_bytes is None or most_bytes - gpu.before_bytes > max_bytes:
            note = f"The peak of {name_gpu(gpu)} may have been above --max-gpu"
            if gpu.library != "torch":
                return f"{note}, because {gpu.library} does not show it."
            return (
                f"{note}; torch.cuda.reset_peak_memory_stats({gpu.device}) in a "
                "separate cell before this one makes it exact."
            )
    return None


def name_gpu(gpu: GpuFigures) -> str:
    """Name the library and the device."""
    return f"{gpu.library} on GPU {gpu.device}"


def describe_rise(gpu: GpuFigures) -> str:
    """Describe the peak on a GPU, with its mark if it is not exact."""
    rise = f"{format_bytes(gpu.rise_bytes)} above the start"
    if gpu.exact:
        return rise
    if gpu.at_most_bytes is None:
        return f"{rise} (sampled)"
    most_bytes = gpu.at_most_bytes - gpu.before_bytes
    return f"{rise} (sampled, at most {format_bytes(most_bytes)})"
