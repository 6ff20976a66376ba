"""Stops code before its memory makes the system kill the process.

There are two belts. The data limit (`data_limit`) makes an allocation beyond the mark
fail at once, even inside one call of a library. The watcher (`watcher`), a small
process outside, sends a signal for memory that the limit does not see: that of
children, shared memory, and libraries that abort on a failed allocation. `belts` holds
both at the marks, `stopping` turns what they cause into `MemoryLimitExceeded`, and the
process's `Guard` (`armed`) arms them while there is a mark.

This package imports nothing here, because the watcher imports from it and must stay
small.
"""
