"""Tests of what models take; most of them need torch (`make test-ml`)."""
