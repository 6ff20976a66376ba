"""The state of a process, besides its variables, that a cell can depend on or change.

A process starts with the state of the kernel: each part of it is *sent*. A process that
keeps running also gets later changes, except for parts that it changed itself. Changes
that a cell makes there are never copied back automatically, which is the purpose of a
separate process. They are *reported* in the notes of the result; only the value and the
variables that ``--out`` names are *returned*. What would mean something else in another
process is *refused*.

=================================== ====================================================
state                               treatment
=================================== ====================================================
variables that the cell reads       sent as copies; changes are reported
variables that --out names          returned, in place where others hold the old object
other variables, imports            stay there; reported
shared objects and memory           sent and returned as one; else reported or refused;
                                    reported if a named process has a part of it already
functions and classes               read the variables of the process that they are in
caches of functions                 start empty there; one that is not empty here is
                                    reported
gradients of tensors                sent and returned; a tensor with a graph is refused
open files, sockets, connections    refused, as are arrays that are mapped to a file
globals(), locals(), dir(), %who    refused, because they inspect the whole session; in
                                    functions that the cell calls, too
the working folder                  sent; a change is reported
os.environ                          sent; a change is reported
the time zone                       sent if time.tzset() took it from os.environ, else
                                    reported; a change is reported
the umask                           sent; a change is reported
resource limits                     sent; a change is reported
the priority                        sent; a change is reported
signal handlers                     sent if they are functions; a change is reported
sys.path                            sent; a change is reported
sys.argv                            sent; a change is reported
Python's limits                     sent; a change is reported
the garbage collector               sent: its switch and its thresholds
warning filters                     sent; a change is reported
random numbers                      sent; drawing is reported
the locale                          sent; a change is reported
the decimal context                 sent; a change is reported
the temporary folder                sent; a change is reported
csv's settings                      sent: limit and dialects; a change is reported
built-in names                      sent; a change is reported
hooks of sys                        sent if they are functions of the notebook
the socket timeout                  sent; a change is reported
the start method of multiprocessing sent; a change is reported
logging                             sent, with filters, names of levels and the capture
                                    of warnings; records that a handler here misses, or
                                    that a missing filter stops, are reported
numpy's random numbers              sent; drawing is reported
numpy's error handling              sent; a change is reported
numpy's print options               sent; a change is reported
pandas' options                     sent; a change is reported
polars' options                     sent; a change is reported
matplotlib's rcParams               sent; a change is reported
scikit-learn's options              sent; a change is reported
xarray's options                    sent; a change is reported
dask's options                      sent; a change is reported
networkx's options                  sent; a change is reported
pyarrow's threads                   sent; a change is reported
torch's settings and random numbers sent; a change is reported
modules                             changed data of the user's modules are sent, 16 MiB
                                    in all, as are functions and classes of the notebook
                                    in any module; what cannot be sent, such as context
                                    variables and started generators, and a changed
                                    file, is reported
display settings                    sent
settings of figures                 sent
a running event loop                runs there if it runs here
sys.stdout, sys.stderr              output is shown on those of the kernel
input(), a debugger                 refused, because nobody could answer
In, Out, _                          treated as variables
the trace function, open figures    stay here; reported
threads, processes, tasks           end with the process, reported; in a named process
                                    they keep running
exit handlers                       run when the process ends; reported
=================================== ====================================================

Not covered, and not detected, are options of other libraries (such as jax, plotly,
seaborn and sympy), torch's default device and print options, polars' random numbers,
networkx's backends, the stack size of threads, decimal's default context, urllib's
opener, replaced attributes of classes and modules of libraries, registered objects
(colour maps, codecs' error handlers, MIME types, pandas' accessors, classes of `abc`
and `copyreg`, the user's magics), caches, the numbers of open files, and state inside
compiled libraries. Unless PYTHONHASHSEED is set, each process has its own order
of strings in sets.
"""
