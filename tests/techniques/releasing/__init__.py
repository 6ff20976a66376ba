"""Tests of what `release` consists of."""
