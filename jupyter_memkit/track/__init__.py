"""Watches memory over time: samples, history, and the account of each cell."""
