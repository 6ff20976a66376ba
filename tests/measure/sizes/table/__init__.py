"""Constructions of objects, one file per library, to compare sizes with growth.

A line that begins with ``*`` makes one of many objects from its number ``i``; all
others make one object of about ``n`` bytes.
"""
