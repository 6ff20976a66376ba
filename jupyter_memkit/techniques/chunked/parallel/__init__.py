"""Runs a function over chunks in other processes: workers here, or on a cluster.

`workers` starts new processes on this machine for one run, never forks, and a thread
for each waits for its answers. `cluster_run` turns chunks into tasks of a `cluster`,
which carry their data or its place, so that they can run again if a worker is lost;
`dask_cluster` and `ray_cluster` submit them. `portable` pickles functions, and
`shipping` pieces of data.
"""
