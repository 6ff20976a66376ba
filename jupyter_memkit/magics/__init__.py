"""The magics, one file a family: they parse, call and show."""
