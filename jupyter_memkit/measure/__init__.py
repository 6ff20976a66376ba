"""Reads memory from the system and from objects; knows nothing of IPython."""
