"""Tracks memory over time: samples, history, and a record of each cell."""
