"""The tasks with jupyter_memkit: the pandas code, on one chunk after another."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import numpy as np

import jupyter_memkit as memkit


def count(folder: Path) -> int:
    """Count the orders."""
    orders: Any = memkit.chunked(folder / "orders.csv", columns=["id"])
    return int(orders.map(len).reduce("sum"))


def top(folder: Path) -> list[int]:
    """Find the ten customers who spent most."""
    orders = memkit.chunked(folder / "orders.csv", columns=["user", "price", "qty"])
    spent = orders.map(lambda part: (part.price * part.qty).groupby(part.user).sum())
    return list(map(int, spent.reduce("sum").nlargest(10).index))


def classify(folder: Path) -> float:
    """Train a classifier of large orders, and return its accuracy."""
    from sklearn.linear_model import SGDClassifier  # noqa: PLC0415 - one task needs it

    orders = memkit.chunked(folder / "orders.csv", columns=["price", "qty"])
    model: Any = SGDClassifier(random_state=0)
    first = None
    for part in orders:
        features = (part[["price", "qty"]] / [100, 50]).to_numpy()
        large = (part.price * part.qty > 1250).to_numpy()
        model.partial_fit(features, large, [False, True])
        first = first or (features[:10_000].copy(), large[:10_000].copy())
    assert first is not None
    return float(model.score(*first))


def histogram(folder: Path) -> list[int]:
    """Count the orders by price."""
    orders = memkit.chunked(folder / "orders.csv", columns=["price"])
    counts = orders.map(lambda part: np.histogram(part.price, 10, (0, 100))[0])
    return list(map(int, counts.reduce("sum")))


def join(folder: Path) -> dict[str, int]:
    """Add up the revenue by the customer's country."""
    import pandas as pd  # noqa: PLC0415 - one task needs it

    customers = pd.read_csv(folder / "customers.csv")

    def add_up(part: Any) -> Any:
        joined = part.merge(customers, on="user")
        return (joined.price * joined.qty).groupby(joined.country).sum()

    orders = memkit.chunked(folder / "orders.csv", columns=["user", "price", "qty"])
    revenue = orders.map(add_up).reduce("sum").sort_index()
    return {str(country): round(value) for country, value in revenue.items()}


def clean(folder: Path) -> int:
    """Write the orders of at least five pieces to Parquet, with names in capitals."""

    def keep(part: Any) -> Any:
        kept = part[part.qty >= 5]
        return kept.assign(cat=kept.cat.str.upper())

    memkit.chunked(folder / "orders.csv").map(keep).run(out=folder / "clean.parquet")
    written: Any = memkit.chunked(folder / "clean.parquet", columns=["id"])
    return int(written.map(len).reduce("sum"))


if __name__ == "__main__":
    print(json.dumps(globals()[sys.argv[1]](Path(sys.argv[2]))))
