"""The sources of chunks: one module for each family, behind one protocol."""
