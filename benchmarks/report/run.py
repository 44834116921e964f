"""How large the report of a large log is, how long it takes to make, and how long Chromium takes to open it.

The log is the example week under new ids, officers, units and days: ``python benchmarks/report/run.py [interactions]
[officers]`` (20,000 and 200).
"""

from __future__ import annotations

import shutil
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import pandas as pd
from playwright.sync_api import sync_playwright

import etikanlp
from etikanlp import scoring

ROOT = Path(__file__).parents[2]


def resampled(week: pd.DataFrame, interactions: int, officers: int, units: int = 8, days: int = 70) -> pd.DataFrame:
    """A score table of so many interactions, drawn with replacement from one of a week; always the same."""
    rng = np.random.default_rng(0)
    rows = week.groupby("interaction_id", sort=True).indices
    drawn = [list(rows.values())[number] for number in rng.integers(len(rows), size=interactions)]
    number = np.repeat(np.arange(interactions), [len(part) for part in drawn])
    officer, day = rng.integers(officers, size=interactions)[number], rng.integers(days, size=interactions)[number]
    return week.iloc[np.concatenate(drawn)].assign(
        interaction_id=[f"L-{i:05d}" for i in number],
        officer_id=[f"P-{i:03d}" for i in officer],
        unit=[f"Unit {i % units + 1}" for i in officer],
        at=lambda table: table["at"].to_numpy("datetime64[s]") + day * np.timedelta64(86_400, "s"),
    )


def main(interactions: int = 20_000, officers: int = 200) -> None:
    """Print sizes and seconds."""
    model = etikanlp.load()
    week = etikanlp.score(ROOT / "data/examples/call_centre_week.csv", model)
    week.attrs = {}
    table = scoring.typed(resampled(week, interactions, officers))
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        started = time.perf_counter()
        report = etikanlp.officer_report(table, model)
        print(f"figures  {time.perf_counter() - started:6.1f} s  {len(report.flags):,} flags")
        for kind, write in ((".html", report.to_html), (".xlsx", report.to_excel)):
            started = time.perf_counter()
            size = write(folder / f"report{kind}").stat().st_size
            print(f"{kind:8} {time.perf_counter() - started:6.1f} s  {size / 1e6:.2f} MB")
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox"])
            page = browser.new_page()
            page.goto((folder / "report.html").as_uri())
            opened = page.evaluate("performance.getEntriesByType('navigation')[0].loadEventEnd")
            print(f"opened   {opened / 1000:6.1f} s  in Chromium")


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
