"""Where tables go that are streamed to a file: one file a family of formats."""
