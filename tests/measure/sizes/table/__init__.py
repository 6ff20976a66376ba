"""Constructions of objects, one file a library: their sizes are held against growth.

A line that begins with ``*`` makes one of many objects from its number ``i``; all
others make one object of about ``n`` bytes.
"""
