"""Runs a function over chunks in other processes: workers here, or on Dask.

`workers` starts processes on this machine for one run, and a thread for each waits for
its answers. `cluster_run` makes chunks tasks of a Dask cluster (`cluster`), which carry
their data or its place, so that they can run again when a worker is lost. `portable`
makes a function and `shipping` a piece of data fit to be sent.
"""
