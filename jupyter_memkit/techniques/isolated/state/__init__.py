"""The state of a process: what a cell can depend on or change, beside its variables.

What a cell finds *goes along*: its process starts with it as it is in the kernel, and a
process that goes on gets what has changed here, except for what it has changed itself.
What a cell leaves never comes back by itself: that is the point of a process of its
own. It is *said* in the notes of the account; only what ``--out`` names and the value
*come back*. What would be another thing in another process is *refused*.

=================================== ====================================================
state                               what becomes of it
=================================== ====================================================
variables that the cell reads       go along, as copies; their changes are said
variables that --out names          come back, in place where others hold the old one
other variables, imports            stay there, said
shared objects and memory           go along and come back as one; else said or refused
functions and classes               read the variables of the process that they are in
open files, sockets, connections    refused; so are arrays that are mapped to a file
globals(), locals(), dir(), %who    refused: they look at all that the notebook has
the working folder                  goes along; a change is said
os.environ                          goes along; a change is said
the umask                           goes along; a change is said
resource limits                     go along; a change is said
the priority                        goes along; a change is said
signal handlers                     go along, of functions; a change is said
sys.path                            goes along; a change is said
sys.argv                            goes along; a change is said
Python's limits                     go along; a change is said
the garbage collector               goes along, its switch and thresholds
warning filters                     go along; a change is said
random numbers                      go along; that they were drawn is said
the locale                          goes along; a change is said
the decimal context                 goes along; a change is said
built-in names                      go along; a change is said
hooks of sys                        go along, of functions of the notebook
the socket timeout                  goes along; a change is said
the start method of multiprocessing goes along; a change is said
logging                             goes along; what a handler here misses is said
numpy's random numbers              go along; that they were drawn is said
numpy's error handling              goes along; a change is said
numpy's print options               go along; a change is said
pandas' options                     go along; a change is said
polars' options                     go along; a change is said
matplotlib's rcParams               go along; a change is said
torch's settings and random numbers go along; a change is said
modules                             the user's data in them go along, and functions and
                                    classes of the notebook; a changed file is said
display settings                    go along
settings of figures                 go along
a running event loop                is there as here
sys.stdout, sys.stderr              what is printed comes to those of the kernel
input(), a debugger                 refused: nobody could answer
In, Out, _                          are variables
the trace function, open figures    stay here, said
threads, processes, tasks           that go on are cut off, said; in a process with a
                                    name they go on
exit handlers                       run when the process ends, said
=================================== ====================================================

Not seen are attributes of classes and modules of libraries that were replaced by other
values, caches, numbers of open files, and what compiled libraries keep. Where the
environment has no PYTHONHASHSEED, each process has its own order of texts in sets.
"""
