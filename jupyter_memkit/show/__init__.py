"""Formats records as reports: plain text and HTML."""
