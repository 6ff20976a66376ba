"""Leaks, hidden on purpose."""
