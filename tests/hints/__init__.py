"""Tests of the hints, on leaks that are created on purpose."""
