"""Where chunks come from: one file a family of sources, behind one protocol."""
