"""Python's containers into arrays, and arrays and frames into smaller ones."""
