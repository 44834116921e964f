"""The report's tables as files, for those who build dashboards of their own."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd

from etikanlp.report.excerpts import shown
from etikanlp.tables import check_kind, unfinished, writer

if TYPE_CHECKING:
    from etikanlp.report import OfficerReport


def write(report: OfficerReport, folder: Path, kind: str) -> list[Path]:
    """Write every table of the report under its name.

    Tables without rows are left out. Of a turn the words behind the label are written, not their places in the text.
    """
    check_kind(f".{kind}")
    tables = {
        "officers": report.officers,
        "units": report.units,
        "flags": shown(report.flags, report.masked).drop(columns="highlights"),
        "strengths": shown(report.strengths, report.masked).drop(columns="highlights"),
        "trend": report.trend,
        "trend_tests": report.trend_tests,
        "chances": report.chances,
        "before_after": report.before_after,
    }
    written = []
    for name, table in tables.items():
        path = folder / f"{name}.{kind}"
        if table is None or table.empty:
            path.unlink(missing_ok=True)  # of an earlier report
        else:
            written.append(_written(table, path))
    return written


def _written(table: pd.DataFrame, path: Path) -> Path:
    if path.suffix == ".csv" and "interactions" in table and table["interactions"].dtype == object:
        table = table.assign(interactions=table["interactions"].str.join("; "))  # a cell of CSV holds one text
    with unfinished(path) as part:
        with writer(part, path.suffix) as append:
            append(table)
        return part.replace(path)
