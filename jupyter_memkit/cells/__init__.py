"""Analyse the code of cells.

`body` parses, compiles and runs the body of a cell magic. `inputs` finds the variables
that a cell reads, `usage` the cells that set and used a variable, `columns` the columns
of a chunk that a cell uses, `effects` the variable in which a cell accumulates, and
`purpose` cells that collected garbage on purpose. `purity` proves that a cell has no
side effects, and `magic_calls` reads the calls that IPython generates for magics.
"""
