"""The tasks with polars: lazy, by its streaming engine."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import polars as pl


def count(folder: Path) -> int:
    """Count the orders."""
    orders = pl.scan_csv(folder / "orders.csv")
    return int(orders.select(pl.len()).collect(engine="streaming").item())


def top(folder: Path) -> list[int]:
    """Find the ten customers who spent most."""
    orders = pl.scan_csv(folder / "orders.csv")
    spent = orders.group_by("user").agg((pl.col("price") * pl.col("qty")).sum())
    most = spent.top_k(10, by="price").sort("price", descending=True)
    return most.collect(engine="streaming")["user"].to_list()


def classify(folder: Path) -> float:
    """Train a classifier of large orders, and return its accuracy."""
    from sklearn.linear_model import SGDClassifier  # noqa: PLC0415 - one task needs it

    orders = pl.read_csv(folder / "orders.csv")
    features = orders.select(pl.col("price") / 100, pl.col("qty") / 50).to_numpy()
    large = (orders["price"] * orders["qty"] > 1250).to_numpy()
    model: Any = SGDClassifier(random_state=0).fit(features, large)
    return float(model.score(features[:10_000], large[:10_000]))


def histogram(folder: Path) -> list[int]:
    """Count the orders by price."""
    orders = pl.scan_csv(folder / "orders.csv")
    column = (pl.col("price") / 10).floor().clip(0, 9).alias("bin")
    counts = orders.group_by(column).len().sort("bin")
    return counts.collect(engine="streaming")["len"].to_list()


def join(folder: Path) -> dict[str, int]:
    """Add up the revenue by the customer's country."""
    orders = pl.scan_csv(folder / "orders.csv")
    customers = pl.scan_csv(folder / "customers.csv")
    joined = orders.join(customers, on="user")
    revenue = joined.group_by("country").agg((pl.col("price") * pl.col("qty")).sum())
    rows = revenue.sort("country").collect(engine="streaming").rows()
    return {country: round(value) for country, value in rows}


def clean(folder: Path) -> int:
    """Write the orders of at least five pieces to Parquet, with names in capitals."""
    orders = pl.scan_csv(folder / "orders.csv")
    kept = orders.filter(pl.col("qty") >= 5)
    kept = kept.with_columns(pl.col("cat").str.to_uppercase())
    kept.sink_parquet(folder / "clean.parquet")
    rows = pl.scan_parquet(folder / "clean.parquet").select(pl.len())
    return int(rows.collect().item())


if __name__ == "__main__":
    print(json.dumps(globals()[sys.argv[1]](Path(sys.argv[2]))))
