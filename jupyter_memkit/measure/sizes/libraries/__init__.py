"""One file per library: the memory of its objects that Python does not see.

A file is imported when the first object of its library is met, so the library is
already in ``sys.modules`` and can be used.
"""
