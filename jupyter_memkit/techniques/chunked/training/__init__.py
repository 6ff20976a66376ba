"""Trains models on data that does not fit into memory, in batches of rows.

`parts` finds the places where a source can be entered, so that reading can start
anywhere and be shared among processes. `windows` reads parts in the order of an epoch,
shuffled or not, and `batches` cuts what it reads into batches. `features` turns rows
into arrays. `fitting` is the loop of ``partial_fit``, with `classes`, `scoring` and
`holdout`; ``libraries/`` gives the batches to torch, XGBoost and LightGBM, one file per
library, imported only when the user has imported it.
"""
