"""The magics, one file or room per family: they parse, call the API, and show."""
