"""Analyse the code of cells.

`body` parses, compiles and runs the body of a cell magic. `names` finds the names that
code reads and binds. Four modules build on it: `inputs` finds the variables that a cell
reads, `usage` the cells that set and used a variable, `columns` the columns of a chunk
that a cell uses, and `effects` the variable in which a cell accumulates. `purpose`
finds cells that collected garbage on purpose. `purity` proves that a cell has no side
effects, and `magic_calls` reads the calls that IPython generates for magics.
"""
