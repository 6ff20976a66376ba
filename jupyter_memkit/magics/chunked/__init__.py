"""``%%chunked``: runs a cell over the chunks of data."""
