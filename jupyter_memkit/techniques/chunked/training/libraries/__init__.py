"""Gives batches to libraries; each file is imported when its library is loaded."""
