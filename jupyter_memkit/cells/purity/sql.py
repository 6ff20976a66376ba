"""Recognizes queries in SQL that only read.

A statement may write files and tables, load extensions and call functions of the user.
Only a single SELECT counts as reading, with no functions but those of a closed list.
"""

from __future__ import annotations

import ast
import re

# Words that may stand before a bracket: functions, and SQL's own.
_BEFORE_BRACKETS = frozenset(
    {
        *("", "all", "and", "any", "as", "between", "by", "case", "cross", "distinct"),
        *("else", "except", "exists", "filter", "from", "group", "having", "in"),
        *("intersect", "join", "not", "on", "or", "over", "select", "then", "union"),
        *("using", "values", "when", "where"),
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
_BRACKET = re.compile(r'([\w".\]]*)\s*\(')
_TEXT = re.compile(r"'[^']*'")


def is_select(node: ast.expr) -> bool:
    """Return whether an expression is the text of a query that only reads.

    Examples
    --------
    >>> def check(text):
    ...     return is_select(ast.Constant(text))
    >>> check("select avg(price) from chunk where shop = 'a;b()'")
    True
    >>> check("select nextval('ids')"), check("select 1; drop table orders")
    (False, False)
    """
    text = node.value if isinstance(node, ast.Constant) else None
    if not isinstance(text, str):
        return False
    # Of comments and other quotes, what they hide is not certain.
    plain = _TEXT.sub("''", text).strip().removesuffix(";").lower()
    if any(mark in plain for mark in (";", "--", "/*", "$$", "\\")):
        return False
    is_query = plain.split(maxsplit=1)[:1] == ["select"]
    return is_query and _BEFORE_BRACKETS.issuperset(_BRACKET.findall(plain))
