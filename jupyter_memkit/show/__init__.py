"""Turns records into what a person reads: plain text and HTML."""
