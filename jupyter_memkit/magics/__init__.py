"""The magics, one file per family: parse the line, call the API, show the result."""
