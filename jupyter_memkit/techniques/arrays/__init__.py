"""Converts Python containers to arrays, and arrays and frames to smaller ones."""
