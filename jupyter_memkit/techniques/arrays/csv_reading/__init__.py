"""Read a CSV file with small dtypes: `advice` finds them, `code` writes the call."""
