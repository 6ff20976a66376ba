"""Unloading modules, and what comes with it."""
