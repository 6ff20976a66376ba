"""Read what the code of a cell says about it.

`body` parses, compiles and runs the body of a cell magic, `inputs` finds the variables
that a cell needs from outside, `usage` which cells made and used a variable, `purpose`
whether a cell collected garbage on purpose, and `magic_calls` reads the calls that
IPython makes of magics.
"""
