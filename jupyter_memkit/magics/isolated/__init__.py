"""``%%isolated``: sends a cell to another process, and shows what it returns."""
