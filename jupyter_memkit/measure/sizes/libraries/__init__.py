"""One file a library: what its objects hold that Python does not see.

A file is imported when the first object of its library is met, so it finds the library
in ``sys.modules`` and may use it.
"""
