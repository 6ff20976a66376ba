"""Reads memory from the system and from objects, independently of IPython."""
