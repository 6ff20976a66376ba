"""The tasks with DuckDB, in SQL."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import duckdb


def count(folder: Path) -> int:
    """Count the orders."""
    ((n_rows,),) = _ask(f"select count(*) from '{folder}/orders.csv'")
    return int(n_rows)


def top(folder: Path) -> list[int]:
    """Find the ten customers who spent most."""
    spent = f"""select user, sum(price * qty) as spent from '{folder}/orders.csv'
        group by user order by spent desc limit 10"""
    return [int(user) for user, _ in _ask(spent)]


def classify(folder: Path) -> float:
    """Train a classifier of large orders, and return its accuracy."""
    from sklearn.linear_model import SGDClassifier  # noqa: PLC0415 - one task needs it

    relation: Any = duckdb.sql(f"""select price / 100 as price, qty / 50 as qty,
        price * qty > 1250 as large from '{folder}/orders.csv'""")
    orders = relation.df()
    features = orders[["price", "qty"]].to_numpy()
    model: Any = SGDClassifier(random_state=0).fit(features, orders.large)
    return float(model.score(features[:10_000], orders.large[:10_000]))


def histogram(folder: Path) -> list[int]:
    """Count the orders by price."""
    counts = f"""select least(floor(price / 10), 9) as bin, count(*)
        from '{folder}/orders.csv' group by bin order by bin"""
    return [int(n_rows) for _, n_rows in _ask(counts)]


def join(folder: Path) -> dict[str, int]:
    """Add up the revenue by the customer's country."""
    revenue = f"""select country, sum(price * qty) from '{folder}/orders.csv'
        join '{folder}/customers.csv' using (user) group by country order by country"""
    return {country: round(value) for country, value in _ask(revenue)}


def clean(folder: Path) -> int:
    """Write the orders of at least five pieces to Parquet, with names in capitals."""
    kept = f"""select * replace (upper(cat) as cat) from '{folder}/orders.csv'
        where qty >= 5"""
    duckdb.sql(f"copy ({kept}) to '{folder}/clean.parquet'")
    ((n_rows,),) = _ask(f"select count(*) from '{folder}/clean.parquet'")
    return int(n_rows)


def _ask(query: str) -> Any:
    relation: Any = duckdb.sql(query)
    return relation.fetchall()


if __name__ == "__main__":
    print(json.dumps(globals()[sys.argv[1]](Path(sys.argv[2]))))
