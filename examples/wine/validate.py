"""Checks a table of wines before anything is trained on it: columns, gaps, and the range of the quality."""

import argparse
import sys
from pathlib import Path

import mlflow
import pandas as pd

COLUMNS = 12
LOWEST, HIGHEST = 0, 10


def problems_of(wines: pd.DataFrame) -> list[str]:
    problems = []
    if wines.shape[1] != COLUMNS or wines.columns[-1] != "quality":
        problems.append(f"expected {COLUMNS} columns with 'quality' as the last, found {', '.join(wines.columns)}")
    gaps = int(wines.isna().sum().sum())
    if gaps > 0:
        problems.append(f"{gaps} values are missing")
    if "quality" in wines and not wines["quality"].between(LOWEST, HIGHEST).all():
        problems.append(f"a quality lies outside of {LOWEST} to {HIGHEST}")
    return problems


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("data", type=Path)
    parser.add_argument("--least-rows", type=float, default=1000)
    arguments = parser.parse_args()

    wines = pd.read_csv(arguments.data)
    problems = problems_of(wines)
    if len(wines) < arguments.least_rows:
        problems.append(f"{len(wines)} rows, at least {arguments.least_rows:.0f} are needed")

    with mlflow.start_run():
        mlflow.log_metrics({"rows": len(wines), "problems": len(problems)})

    print("\n".join(problems) if problems else f"{arguments.data.name}: {len(wines)} wines, nothing wrong")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
