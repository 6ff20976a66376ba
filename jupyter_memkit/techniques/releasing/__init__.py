"""The parts of `release`: what it frees, what it watches, and what it explains.

`watching` watches the values that are deleted, and their large blocks of memory,
because a model can be freed while an optimizer keeps its parameters. `holding` names
what still holds them, in the user's terms and with a remedy, and `hooks` removes
torch's hooks that do. `steps` frees one thing each, `pools` finds the allocators of
libraries, `devices` reads what the driver measures.
"""
