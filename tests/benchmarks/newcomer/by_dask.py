"""The tasks with Dask, by its threads."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import dask.dataframe as dd
import numpy as np


def count(folder: Path) -> int:
    """Count the orders."""
    return len(dd.read_csv(folder / "orders.csv"))


def top(folder: Path) -> list[int]:
    """Find the ten customers who spent most."""
    orders = dd.read_csv(folder / "orders.csv")
    spent = (orders.price * orders.qty).groupby(orders.user).sum()
    return list(map(int, spent.nlargest(10).compute().index))


def classify(folder: Path) -> float:
    """Train a classifier of large orders, and return its accuracy."""
    from sklearn.linear_model import SGDClassifier  # noqa: PLC0415 - one task needs it

    orders = dd.read_csv(folder / "orders.csv")
    model: Any = SGDClassifier(random_state=0)
    for delayed in orders.to_delayed():
        part = delayed.compute()
        features = (part[["price", "qty"]] / [100, 50]).to_numpy()
        model.partial_fit(features, part.price * part.qty > 1250, [False, True])
    part = orders.head(10_000)
    features = (part[["price", "qty"]] / [100, 50]).to_numpy()
    return float(model.score(features, part.price * part.qty > 1250))


def histogram(folder: Path) -> list[int]:
    """Count the orders by price."""
    import dask.array as da  # noqa: PLC0415 - one task needs it

    orders = dd.read_csv(folder / "orders.csv")
    prices = orders.price.to_dask_array(lengths=True)
    counts, _ = da.histogram(prices, bins=np.linspace(0, 100, 11))  # type: ignore[no-untyped-call]
    return list(map(int, counts.compute()))


def join(folder: Path) -> dict[str, int]:
    """Add up the revenue by the customer's country."""
    orders = dd.read_csv(folder / "orders.csv")
    customers = dd.read_csv(folder / "customers.csv")
    joined = orders.merge(customers, on="user")
    revenue = (joined.price * joined.qty).groupby(joined.country).sum().compute()
    return {str(each): round(value) for each, value in revenue.sort_index().items()}


def clean(folder: Path) -> int:
    """Write the orders of at least five pieces to Parquet, with names in capitals."""
    orders = dd.read_csv(folder / "orders.csv")
    kept = orders[orders.qty >= 5]
    kept = kept.assign(cat=kept.cat.str.upper())
    kept.to_parquet(folder / "clean.parquet")
    return len(dd.read_parquet(folder / "clean.parquet"))


if __name__ == "__main__":
    print(json.dumps(globals()[sys.argv[1]](Path(sys.argv[2]))))
