"""Runs a function over chunks in other processes: workers here, or on Dask.

`workers` starts new processes on this machine for one run, never forks, and a thread
for each waits for its answers. `cluster_run` turns chunks into tasks of a Dask cluster
(`cluster`), which carry their data or its place, so that they can run again if a worker
is lost. `portable` pickles functions, and `shipping` pieces of data.
"""
