"""Makes the chunks of a run: one layout, and one type for each column."""
