"""Recognizes queries in SQL that only read.

A statement may write files and tables, load extensions and call functions of the user.
Only a single SELECT counts as reading, also after FROM or WITH, with no functions but
those of a closed list.
"""

from __future__ import annotations

import re

# Words that may stand before a bracket: functions, and SQL's own.
_BEFORE_BRACKETS = frozenset(
    {
        *("", "all", "and", "any", "as", "between", "by", "case", "cross", "distinct"),
        *("else", "except", "exists", "filter", "from", "group", "having", "in"),
        *("intersect", "join", "not", "on", "or", "over", "select", "then", "union"),
        *("materialized", "using", "values", "when", "where"),
        *("decimal", "numeric", "varchar"),
        *("abs", "any_value", "approx_count_distinct", "approx_quantile", "arg_max"),
        *("arg_min", "avg", "bool_and", "bool_or", "cast", "ceil", "coalesce"),
        *("concat", "contains", "corr", "count", "count_if", "covar_pop"),
        *("covar_samp", "date_diff", "date_part", "date_trunc", "datediff", "day"),
        *("dayofweek", "dense_rank", "exp", "extract", "first", "first_value"),
        *("floor", "greatest", "hour", "if", "ifnull", "kurtosis", "lag", "last"),
        *("last_value", "lead", "least", "length", "ln", "log", "log10", "log2"),
        *("lower", "ltrim", "mad", "max", "max_by", "mean", "median", "min", "min_by"),
        *("minute", "mode", "month", "ntile", "nullif", "percent_rank", "pow"),
        *("power", "product", "quantile", "quantile_cont", "quantile_disc", "quarter"),
        *("rank", "regexp_extract", "regexp_matches", "regexp_replace", "replace"),
        *("round", "row_number", "rtrim", "second", "sign", "skewness", "sqrt"),
        *("starts_with", "stddev", "stddev_pop", "stddev_samp", "strftime"),
        *("string_agg", "strptime", "substr", "substring", "sum", "trim", "try_cast"),
        *("upper", "var_pop", "var_samp", "variance", "week", "year"),
    }
)
# A text or a quoted name, in which the same quote is doubled.
_QUOTED = re.compile(r"""'(?:[^']|'')*'|"(?:[^"]|"")*\"""")
# Comments and other quotes, of which it is not certain what they hide; an ``e`` begins
# a text with escapes.
_HIDING = re.compile(r"--|/\*|\$|\\|\be''")

_BRACKET = re.compile(r'([\w".\]]*)\s*\(')
_COUNT_DISTINCT = re.compile(r"\bcount\s*\(\s*distinct\b")
_INNERMOST = re.compile(r"(\bas\s*(?:(?:not\s+)?materialized\s*)?)?\(([^()]*)\)")
# What replaces a bracket in the query around it.
_REPLACED = "\N{SECTION SIGN}"
_NAMED = rf'[\w"]+\s+as\s*(?:(?:not\s+)?materialized\s*)?{_REPLACED}\s*'
_QUERY = re.compile(
    rf"\s*(?:with\s+(?:recursive\s+)?{_NAMED}(?:,\s*{_NAMED})*)?(?:select|from)\b"
)

# What stands before the query whose rows a table gets.
_FILLING = re.compile(
    r"""\s*(?:
        create\s+(?:or\s+replace\s+)?(?:temp(?:orary)?\s+)?(?:table|view)\s+\w+\s+as
        |insert\s+into\s+\w+
    )\s+""",
    re.IGNORECASE | re.VERBOSE,
)


def is_select(text: str) -> bool:
    """Return whether a text is a query that only reads.

    Examples
    --------
    >>> is_select("select avg(price) from chunk where shop = 'a;b()'")
    True
    >>> is_select("with late as (from chunk where delay > 9) select count(*) from late")
    True
    >>> is_select("select nextval('ids')"), is_select("select 1; drop table orders")
    (False, False)
    """
    plain = _QUOTED.sub(_empty, text).strip().removesuffix(";").lower()
    is_open = bool({"'", '"'} & set(plain.replace("''", "").replace('""', "")))
    if is_open or ";" in plain or _HIDING.search(plain):
        return False
    return _BEFORE_BRACKETS.issuperset(_BRACKET.findall(plain)) and _reads(plain)


def find_functions(text: str) -> list[str]:
    """Return the functions in a query that only reads.

    Examples
    --------
    >>> find_functions("select k, avg(v) from chunk group by k")
    ['avg']
    """
    plain = _QUOTED.sub(_empty, text).lower()
    plain = _COUNT_DISTINCT.sub("count_distinct(", plain)
    return _BRACKET.findall(plain) if is_select(text) else []


def is_own_statement(text: str) -> bool:
    """Return whether a text only reads, or fills a table of its own database.

    Examples
    --------
    >>> is_own_statement("create or replace table t as select * from chunk")
    True
    >>> is_own_statement("insert into t select nextval('ids')")
    False
    """
    filling = _FILLING.match(text)
    return is_select(text[filling.end() :] if filling else text)


def _empty(quoted: re.Match[str]) -> str:
    """Return the quotes of a text or a name without what they hold."""
    return quoted[0][0] * 2


def _reads(plain: str) -> bool:
    """Return whether a query, and each that it names in a WITH, is a SELECT."""
    while (bracket := _INNERMOST.search(plain)) is not None:
        naming, content = bracket.groups()
        if naming and not _QUERY.match(content):
            return False
        begin, end = bracket.span(2)
        plain = f"{plain[: begin - 1]}{_REPLACED}{plain[end + 1 :]}"
    return _QUERY.match(plain) is not None and not {"(", ")"} & set(plain)
