"""The guard: its mark, its belts, and its watcher."""
