"""Acts on memory: plain Python, no IPython."""
