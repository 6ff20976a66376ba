"""Tests of unloading modules."""
