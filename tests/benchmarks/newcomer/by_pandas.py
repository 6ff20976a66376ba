"""The tasks with pandas, which reads the whole table."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd


def count(folder: Path) -> int:
    """Count the orders."""
    return len(pd.read_csv(folder / "orders.csv"))


def top(folder: Path) -> list[int]:
    """Find the ten customers who spent most."""
    orders = pd.read_csv(folder / "orders.csv")
    spent = (orders.price * orders.qty).groupby(orders.user).sum()
    return list(map(int, spent.nlargest(10).index))


def classify(folder: Path) -> float:
    """Train a classifier of large orders, and return its accuracy."""
    from sklearn.linear_model import SGDClassifier  # noqa: PLC0415 - one task needs it

    orders = pd.read_csv(folder / "orders.csv")
    features = orders[["price", "qty"]] / [100, 50]
    large = orders.price * orders.qty > 1250
    model: Any = SGDClassifier(random_state=0).fit(features.to_numpy(), large)
    return float(model.score(features[:10_000].to_numpy(), large[:10_000]))


def histogram(folder: Path) -> list[int]:
    """Count the orders by price."""
    orders = pd.read_csv(folder / "orders.csv")
    counts, _ = np.histogram(orders.price, bins=10, range=(0, 100))
    return list(map(int, counts))


def join(folder: Path) -> dict[str, int]:
    """Add up the revenue by the customer's country."""
    orders = pd.read_csv(folder / "orders.csv")
    customers = pd.read_csv(folder / "customers.csv")
    joined = orders.merge(customers, on="user")
    revenue = (joined.price * joined.qty).groupby(joined.country).sum()
    return {str(country): round(value) for country, value in revenue.items()}


def clean(folder: Path) -> int:
    """Write the orders of at least five pieces to Parquet, with names in capitals."""
    orders = pd.read_csv(folder / "orders.csv")
    kept = orders[orders.qty >= 5].copy()
    kept["cat"] = kept.cat.str.upper()
    kept.to_parquet(folder / "clean.parquet")
    return len(kept)


if __name__ == "__main__":
    print(json.dumps(globals()[sys.argv[1]](Path(sys.argv[2]))))
