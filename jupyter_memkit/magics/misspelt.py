"""Suggests the option that an unknown word was probably meant to be."""

from __future__ import annotations

import difflib
from collections.abc import Collection

# Names in pandas, joblib, Dask, Spark and on command lines; the first of our options
# that the magic has is suggested.
_OURS = {
    ("agg", "aggregate", "combine", "fold"): ("--reduce",),
    ("batch-size", "batchsize", "chunk-rows", "chunk-size", "chunksize"): ("--rows",),
    ("blocksize", "block-size", "max-mem", "max-memory", "mem-limit"): (
        "--memory",
        "--max",
        "--max-growth",
        "--max-peak",
    ),
    ("limit-memory", "mem", "memory", "memory-limit", "ram", "rss"): (
        "--memory",
        "--max",
        "--max-growth",
        "--max-peak",
    ),
    ("cat", "categorical", "categories", "category"): ("--types",),
    ("cols", "fields", "select", "usecols"): ("--columns",),
    ("con", "conn", "db", "engine-url"): ("--connection",),
    ("query",): ("--sql",),
    ("dtype", "dtypes", "schema"): ("--types", "--type"),
    ("engine", "lib", "library"): ("--backend",),
    ("client", "cluster", "scheduler"): ("--on",),
    ("cores", "cpus", "jobs", "n-jobs", "njobs", "nproc", "j"): ("--workers",),
    ("n-workers", "num-proc", "num-workers", "processes", "threads"): ("--workers",),
    ("dest", "destination", "output", "save", "to", "write"): ("--out", "--into"),
    ("result", "return", "returns", "var", "variable"): ("--into", "--out"),
    ("checkpoint", "continue", "progress", "restart"): ("--resume",),
    ("errors", "skip-errors", "retries", "retry"): ("--on-error",),
    ("head", "max-chunks", "n-chunks", "nchunks"): ("--limit",),
    ("input", "inputs", "send"): ("--in",),
    ("end", "kill", "stop", "terminate"): ("--close",),
    ("dir", "directory", "path", "temp-dir", "tempdir", "tmp", "tmpdir"): (
        "--folder",
        "--file",
    ),
    ("load", "restore", "revert", "unspill"): ("--back", "--undo"),
    ("assume-yes", "f", "force", "y"): ("--yes",),
    ("n", "plan", "preview", "pretend", "simulate"): ("--dry-run",),
    ("repeat", "repeats", "runs"): ("-r",),
    ("output-result", "quiet-result"): ("-o",),
    ("by-line", "line", "line-by-line", "lprun"): ("--lines",),
    ("deep", "full", "precise"): ("--exact",),
    ("a", "everything", "hidden"): ("--all",),
    ("at-least", "larger", "min-bytes", "min-size", "minimum"): ("--min",),
    ("seconds", "time", "timeout"): ("--budget",),
    ("history", "since", "window"): ("--last",),
    ("delete", "forget", "remove"): ("--drop",),
    ("dataframe", "df"): ("--frame", "--as"),
    ("fill", "fillna", "na", "na-value"): ("--missing",),
    ("downcast-float", "float", "floats", "lossy"): ("--float32",),
    ("generations", "thresholds"): ("--threshold",),
    ("growth",): ("--max-growth",),
}
_FOREIGN = {word: ours for words, ours in _OURS.items() for word in words}

# Options of the libraries that read files, which are passed on to them.
_OF_READERS = frozenset(
    [
        "comment",
        "date_format",
        "decimal",
        "delimiter",
        "encoding",
        "escapechar",
        "header",
        "index_col",
        "na_values",
        "names",
        "parse_dates",
        "quotechar",
        "sep",
        "sheet_name",
        "skiprows",
    ]
)


def suggest_option(written: str, known: Collection[str]) -> str | None:
    """Return the option that was probably meant.

    Parameters
    ----------
    written : str
        The unknown word, with or without its dashes, such as ``--chunksize``.
    known : collection of str
        The options of the magic.

    Returns
    -------
    str or None
        The option as it should be written; None if nothing is close.

    Examples
    --------
    >>> suggest_option("--redcue", ["--reduce", "--rows"])
    '--reduce'
    >>> suggest_option("--n_jobs", ["--reduce", "--workers"])
    '--workers'
    """
    word = written.partition("=")[0].lstrip("-\N{EN DASH}\N{EM DASH}").lower()
    name = word.replace("_", "-")
    if f"--{name}" in known:
        return f"--{name}"
    for ours in _FOREIGN.get(name, ()):
        if ours in known:
            return ours
    if "--read" in known and name.replace("-", "_") in _OF_READERS:
        return f"--read {name.replace('-', '_')}=VALUE"
    options = {option.lstrip("-"): option for option in known}
    close = difflib.get_close_matches(name, options, n=1)
    return options[close[0]] if close else None
