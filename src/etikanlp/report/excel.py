"""The officer report as an Excel workbook: numbers as numbers, text as text, every column explained."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd
import xlsxwriter

from etikanlp.codebook import CODEBOOK, Language
from etikanlp.privacy import shown_as
from etikanlp.report import statistics
from etikanlp.report.wording import CHANNEL, TEXT, label_name
from etikanlp.tables import WORKBOOK_OPTIONS, unfinished, write_cell

if TYPE_CHECKING:
    from etikanlp.report import OfficerReport


def write(report: OfficerReport, path: Path, lang: Language) -> Path:
    """Write the workbook; the file appears under its name only when complete."""
    t = {key: phrase[lang] for key, phrase in TEXT.items()}
    with unfinished(path) as part:
        _write(report, part, t, lang)
        return part.replace(path)


def _write(report: OfficerReport, path: Path, t: dict[str, str], lang: Language) -> None:
    with xlsxwriter.Workbook(str(path), WORKBOOK_OPTIONS) as book:
        book.set_properties({"title": t["title"], "created": _fixed_date()})
        styles = {
            "head": book.add_format({"bold": True, "text_wrap": True, "valign": "top", "bottom": 1}),
            "share": book.add_format({"num_format": "0%", "valign": "top"}),
            "probability": book.add_format({"num_format": "0.00", "valign": "top"}),
            "wrap": book.add_format({"text_wrap": True, "valign": "top"}),
            "time": book.add_format({"num_format": "dd/mm/yyyy hh:mm", "valign": "top"}),
        }
        _sheet(book, t["officers"], _rates(report.officers, t, lang), styles)
        _sheet(book, t["units"], _rates(report.units, t, lang), styles)
        _sheet(book, t["flags"], _flags(report.flags, t, lang, report.masked), styles)
        _sheet(book, t["explained"], _explanations(report, t, lang), styles)


def _fixed_date() -> Any:
    """Workbooks carry a creation date; a fixed one keeps the bytes the same for the same input."""
    return pd.Timestamp(2000, 1, 1).to_pydatetime()


def _rates(table: pd.DataFrame, t: dict[str, str], lang: Language) -> pd.DataFrame:
    named = {
        "officer_id": t["officer"],
        "unit": t["unit"],
        "interactions": t["interactions"],
        "turns": t["turns"],
    }
    shown = table[[name for name in named if name in table]].rename(columns=named)
    shown[t["enough"]] = table["enough"].map({True: t["yes"], False: f"{t['no']}: {t['few']}"})
    for measure in statistics.MEASURES:
        name = label_name(measure, lang)
        shown[name] = table[measure]
        shown[f"{name}, {t['low']}"] = table[f"{measure}_low"]
        shown[f"{name}, {t['high']}"] = table[f"{measure}_high"]
        shown[f"{name}, {t['count']}"] = table[f"{measure}_n"]
    return shown


def _flags(flags: pd.DataFrame, t: dict[str, str], lang: Language, masked: bool) -> pd.DataFrame:
    return pd.DataFrame(
        {
            t["officer"]: flags["officer_id"],
            t["unit"]: flags["unit"],
            t["date"]: flags["at"],
            t["channel"]: flags["channel"].map(lambda value: CHANNEL[lang].get(value, value)),
            t["interaction"]: flags["interaction_id"],
            t["turn"]: flags["turn"],
            t["label"]: flags["label"].map(lambda label: label_name(label, lang)),
            t["probability"]: flags["probability"],
            t["words"]: flags["words"],
            t["context"]: flags["context"].map(lambda said: shown_as(said, masked)),
            t["text"]: flags["text"].map(lambda said: shown_as(said, masked)),
        }
    ).astype(object)


def _explanations(report: OfficerReport, t: dict[str, str], lang: Language) -> pd.DataFrame:
    metrics = report.summary["model"].get("metrics", {}).get("turns", {})
    rows: list[tuple[str, Any, Any, Any]] = [
        (
            label.name[lang],
            label.definition[lang],
            *(metrics.get(label.id, {}).get(m) for m in ("precision", "recall")),
        )
        for label in CODEBOOK
    ]
    name = CODEBOOK[0].name[lang]
    notes = [
        (
            t["any_violation"],
            t["violation"] + ": " + ", ".join(x.name[lang] for x in CODEBOOK if x.kind == "violation"),
        ),
        (t["interactions"], t["method_rate"]),
        (f"{name}, {t['low']} / {t['high']}", t["interval"] + " (Wilson)"),
        (f"{name}, {t['count']}", t["interactions"]),
        (t["enough"], t["method_few"].format(n=statistics.ENOUGH)),
        (t["probability"], t["method_error"]),
        (t["words"], t["highlight"]),
        (t["text"], t["masked" if report.masked else "unmasked"]),
        (t["title"], t["not_for"]),
    ]
    rows += [(column, meaning, None, None) for column, meaning in notes]
    return pd.DataFrame(rows, columns=[t["column"], t["explained"], t["precision"], t["recall"]], dtype=object)


def _sheet(book: Any, name: str, table: pd.DataFrame, styles: dict[str, Any]) -> None:
    sheet = book.add_worksheet(name[:31])
    sheet.write_row(0, 0, list(table.columns), styles["head"])
    for column, title in enumerate(table.columns):
        values = table[title]
        first = next((v for v in values if v is not None and v is not pd.NA and v is not pd.NaT), "")
        style, width = _look(first, styles)
        sheet.set_column(column, column, max(width, min(len(title), 14)))
        for row, value in enumerate(values.astype(object), 1):
            write_cell(sheet, row, column, value, style)
    sheet.freeze_panes(1, 1)
    if len(table):
        sheet.autofilter(0, 0, len(table), len(table.columns) - 1)


def _look(value: Any, styles: dict[str, Any]) -> tuple[Any, float]:
    """Style and width of a column, by what stands in it."""
    if isinstance(value, float):
        return styles["share"], 10
    if isinstance(value, pd.Timestamp):
        return styles["time"], 17
    if isinstance(value, str):
        return styles["wrap"], 60 if len(value) > 60 else 22
    return None, 10
