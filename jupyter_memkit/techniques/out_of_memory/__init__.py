"""What is done after code has run out of memory, in main memory or on a device.

`recognition` finds the failed allocation among an error, its causes and its contexts,
and reads what was asked for. `model_call` reads from the frames which call of a torch
model has failed. `frames` releases what the frames hold, and `cures` lists the remedies
that apply. `recover` does all of it, without IPython.
"""
