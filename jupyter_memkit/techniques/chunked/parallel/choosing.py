"""Which cluster a run gets, from the value of its option ``on``."""

from __future__ import annotations

from typing import Any

from jupyter_memkit.errors import MemkitError
from jupyter_memkit.techniques.chunked.parallel import ray_cluster
from jupyter_memkit.techniques.chunked.parallel.cluster import Cluster
from jupyter_memkit.techniques.chunked.parallel.dask_cluster import DaskCluster
from jupyter_memkit.techniques.chunked.parallel.ray_cluster import RayCluster


def open_cluster(
    on: Any, *, memory_bytes: int, n_workers: int | None = None
) -> Cluster:
    """Return the cluster for a run.

    Parameters
    ----------
    on : str, distributed.Client or distributed.deploy.Cluster
        ``"ray"``, or as in `DaskCluster`.
    memory_bytes : int
        How much all workers together may grow.
    n_workers : int, optional
        The workers of a cluster on this machine; by default one per core.

    Raises
    ------
    MemkitError
        If there is no such cluster.
    """
    if type(on) is str and on.startswith("ray://"):
        message = (
            f"--on {ray_cluster.CURRENT} runs on the cluster that Ray is connected to; "
            f"call ray.init({on!r}) first, and then use --on {ray_cluster.CURRENT}"
        )
        raise MemkitError(message)
    if type(on) is str and on == ray_cluster.CURRENT:
        return RayCluster(memory_bytes=memory_bytes, n_workers=n_workers)
    return DaskCluster(on, memory_bytes=memory_bytes, n_workers=n_workers)
