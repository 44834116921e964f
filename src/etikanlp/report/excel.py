"""The officer report as an Excel workbook: a sheet for each question, numbers as numbers, native charts."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import pandas as pd
import xlsxwriter
from markupsafe import Markup

from etikanlp.codebook import CODEBOOK, VIOLATIONS, VIRTUES, Language
from etikanlp.report import prevalence, sentences, statistics
from etikanlp.report.charts import ACCENT, INK
from etikanlp.report.excerpts import shown
from etikanlp.report.shrinkage import JUDGED
from etikanlp.report.statistics import ANY_VIOLATION
from etikanlp.report.wording import CHANNEL, date, label_name, percent, phrases
from etikanlp.tables import WORKBOOK_OPTIONS, unfinished, write_cell

if TYPE_CHECKING:
    from etikanlp.report import OfficerReport

_LOOKS: Final[dict[str, tuple[float, dict[str, Any]]]] = {
    "id": (13, {}),
    "text": (24, {"text_wrap": True}),
    "long": (64, {"text_wrap": True}),
    "count": (10, {"num_format": "#,##0"}),
    "decimal": (10, {"num_format": "0.0"}),
    "share": (11, {"num_format": "0%"}),
    "points": (11, {"num_format": "+0.0%;−0.0%;0.0%"}),
    "probability": (11, {"num_format": "0.00"}),
    "time": (17, {"num_format": "dd/mm/yyyy hh:mm"}),
    "date": (12, {"num_format": "dd/mm/yyyy"}),
    "icon": (6, {"align": "center"}),
}
"""Width and format of a column by what stands in it."""

_BARS: Final = {"virtue": "#A9CFCB", "violation": "#E3B5AB"}
_DASHES: Final = ("solid", "dash", "round_dot", "long_dash", "dash_dot")
_MEASURES: Final = (ANY_VIOLATION, *VIOLATIONS, *VIRTUES)


class Column(NamedTuple):
    """A column of a sheet."""

    title: str
    values: Any
    look: str
    bar: str = ""
    """``virtue`` or ``violation`` if cells are to show a bar of that colour."""


def write(report: OfficerReport, path: Path, lang: Language) -> Path:
    """Write the workbook; the file appears under its name only when complete."""
    t = phrases(lang)
    with unfinished(path) as part:
        with xlsxwriter.Workbook(str(part), WORKBOOK_OPTIONS) as book:
            # a fixed date of creation, so that the same report gives the same bytes
            book.set_properties({"title": t["title"], "created": pd.Timestamp(2000, 1, 1).to_pydatetime()})
            book.set_size(2400, 1400)
            _fill(book, report, t, lang)
        return part.replace(path)


def _fill(book: Any, report: OfficerReport, t: dict[str, str], lang: Language) -> None:
    looks = {name: (width, book.add_format({"valign": "top", **format_})) for name, (width, format_) in _LOOKS.items()}
    looks["head"] = (0, book.add_format({"bold": True, "text_wrap": True, "valign": "bottom", "bottom": 1}))
    _sheet(book, t["summary"], _summary(report, t, lang), looks, frozen=0)
    _sheet(book, t["officers"], _officers(report.officers, t, lang), looks)
    units = _units(report.units, t, lang)
    _unit_chart(book, _sheet(book, t["units"], units, looks), units, report.units, t, lang)
    flags = _sheet(book, t["flags_sheet"], _turns(shown(report.flags, report.masked), t, lang), looks)
    if report.summary["turns"] and len(report.flags):
        flags.conditional_format(
            1,
            8,
            len(report.flags),
            8,
            {"type": "2_color_scale", "min_color": "#FFFFFF", "max_color": _BARS["violation"]},
        )
    if len(report.strengths):
        _sheet(book, t["strengths"], _turns(shown(report.strengths, report.masked), t, lang), looks)
    if len(report.trend):
        sheet = _sheet(book, t["trend_sheet"], _trend(report, t, lang), looks)
        _trend_chart(book, sheet, report.trend, t, lang)
    if len(report.chances):
        _sheet(book, t["chances"], _chances(report.chances, t), looks)
    if report.before_after is not None:
        _sheet(book, t["before_after_sheet"], _before_after(report.before_after, t, lang), looks)
    _sheet(book, t["explained"], _explanations(report, t, lang), looks)


def _sheet(
    book: Any, name: str, columns: Sequence[Column], looks: dict[str, tuple[float, Any]], frozen: int = 1
) -> Any:
    """A sheet with a frozen head and a filter."""
    sheet = book.add_worksheet(name[:31])
    rows = 0
    for at, column in enumerate(columns):
        width, style = looks[column.look]
        sheet.write_string(0, at, column.title, looks["head"][1])
        sheet.set_column(at, at, width)
        values = pd.Series(column.values, dtype=object)
        rows = len(values)
        for row, value in enumerate(values, 1):
            write_cell(sheet, row, at, value, style)
        if column.bar and rows:
            bar = {
                "type": "data_bar",
                "bar_solid": True,
                "min_type": "num",
                "max_type": "num",
                "min_value": 0,
                "max_value": 1,
            }
            sheet.conditional_format(1, at, rows, at, {**bar, "bar_color": _BARS[column.bar]})
        if column.look == "icon" and rows:
            # 1 a red diamond, -1 a green circle; empty cells stay empty
            icons = [{"criteria": ">=", "type": "number", "value": 1}, {"criteria": ">=", "type": "number", "value": 0}]
            options = {"type": "icon_set", "icon_style": "3_signs", "reverse_icons": True, "icons_only": True}
            sheet.conditional_format(1, at, rows, at, {**options, "icons": icons})
    sheet.freeze_panes(1, frozen)
    if rows:
        sheet.autofilter(0, 0, rows, len(columns) - 1)
    sheet.set_landscape()
    sheet.set_paper(9)  # A4
    sheet.fit_to_pages(1, 0)
    sheet.repeat_rows(0)
    return sheet


def _summary(report: OfficerReport, t: dict[str, str], lang: Language) -> list[Column]:
    said = [
        (finding.title, sentence.unescape())
        for finding in sentences.findings(report, lang, Markup.escape)
        for sentence in finding.sentences
    ]
    return [
        Column(t["question"], [title for title, _ in said], "text"),
        Column(t["answer"], [x for _, x in said], "long"),
    ]


def _kind(measure: str) -> str:
    return "virtue" if measure in VIRTUES else "violation"


def _shares(table: pd.DataFrame, t: dict[str, str], lang: Language) -> list[Column]:
    """Of every measure the share, then what stands round it."""
    columns = []
    for measure in _MEASURES:
        name = label_name(measure, lang)
        columns.append(Column(name, table[measure], "share", _kind(measure)))
        around = {"_low": "low", "_high": "high", "_n": "count", "_shrunk": "shrunk", "_true": "true"}
        columns += [
            Column(f"{name}, {t[word].lower()}", table[f"{measure}{end}"], "count" if end == "_n" else "share")
            for end, word in around.items()
            if f"{measure}{end}" in table
        ]
    return columns


def _timing(table: pd.DataFrame, t: dict[str, str]) -> list[Column]:
    return [
        Column(t[name], table[name], "decimal")
        for name in ("words_each", "turns_each", "pace_s", "duration_s")
        if name in table
    ]


def _officers(officers: pd.DataFrame, t: dict[str, str], lang: Language) -> list[Column]:
    outliers = officers[[f"{measure}_outlier" for measure in JUDGED]]
    side = outliers.eq("above").any(axis=1).map({True: 1, False: None}).astype(object)
    side = side.where(side.notna(), outliers.eq("below").any(axis=1).map({True: -1, False: None}))
    why = [
        "; ".join(f"{label_name(m, lang)}: {t[row[f'{m}_outlier']]}" for m in JUDGED if row[f"{m}_outlier"])
        for row in outliers.to_dict("records")
    ]
    return [
        Column(t["officer"], officers["officer_id"], "id"),
        Column(t["unit"], officers["unit"], "id"),
        Column(t["interactions"], officers["interactions"], "count"),
        Column(t["turns"], officers["turns"], "count"),
        Column(t["enough"], officers["enough"].map({True: t["yes"], False: f"{t['no']}: {t['few']}"}), "id"),
        Column("◆●", side, "icon"),
        Column(t["stands_out"], why, "text"),
        *_shares(officers, t, lang),
        *_timing(officers.rename(columns={"words": "words_each"}), t),
    ]


def _units(units: pd.DataFrame, t: dict[str, str], lang: Language) -> list[Column]:
    return [
        Column(t["unit"], units["unit"].replace("", t["no_unit"]), "id"),
        Column(t["interactions"], units["interactions"], "count"),
        Column(t["turns"], units["turns"], "count"),
        Column(t["enough"], units["enough"].map({True: t["yes"], False: f"{t['no']}: {t['few']}"}), "id"),
        *_shares(units, t, lang),
        *_timing(units.rename(columns={"words": "words_each"}), t),
    ]


def _unit_chart(
    book: Any, sheet: Any, columns: list[Column], units: pd.DataFrame, t: dict[str, str], lang: Language
) -> None:
    """Bars of any violation by unit, with their intervals."""
    at = [column.title for column in columns].index(label_name(ANY_VIOLATION, lang))
    name, rows = sheet.get_name(), len(units)
    share = units[ANY_VIOLATION]
    chart = book.add_chart({"type": "bar"})
    chart.add_series(
        {
            "name": label_name(ANY_VIOLATION, lang),
            "categories": [name, 1, 0, rows, 0],
            "values": [name, 1, at, rows, at],
            "fill": {"color": _BARS["violation"]},
            "border": {"color": ACCENT["violation"]},
            "gap": 80,
            "x_error_bars": {
                "type": "custom",
                "plus_values": (units[f"{ANY_VIOLATION}_high"] - share).round(4).tolist(),
                "minus_values": (share - units[f"{ANY_VIOLATION}_low"]).round(4).tolist(),
                "line": {"color": INK, "width": 1.25},
            },
        }
    )
    chart.set_title({"name": f"{label_name(ANY_VIOLATION, lang)}, {t['interval'].lower()}", "name_font": {"size": 12}})
    chart.set_legend({"none": True})
    chart.set_x_axis({"num_format": "0%", "min": 0, "major_gridlines": {"visible": True, "line": {"color": "#E6E9EB"}}})
    chart.set_y_axis({"reverse": True, "major_gridlines": {"visible": False}})
    chart.set_size({"width": 620, "height": 120 + 34 * rows})
    sheet.insert_chart(rows + 2, 1, chart, {"description": t["key_trend_all"]})


def _turns(turns: pd.DataFrame, t: dict[str, str], lang: Language) -> list[Column]:
    return [
        Column(t["officer"], turns["officer_id"], "id"),
        Column(t["unit"], turns["unit"], "id"),
        Column(t["date"], turns["at"], "time"),
        Column(t["channel"], turns["channel"].map(lambda value: CHANNEL[lang].get(value, value)), "id"),
        Column(t["interaction"], turns["interaction_id"], "id"),
        Column(t["turn"], turns["turn"], "count"),
        Column(t["label"], turns["label"].map(lambda label: label_name(label, lang)), "text"),
        Column(t["review"], turns["review"].map({True: t["in_review"], False: t["is_clear"]}), "id"),
        Column(t["probability"], turns["probability"], "probability"),
        Column(t["threshold"], turns["threshold"], "probability"),
        Column(t["words"], turns["words"], "text"),
        Column(t["context"], turns["context"], "long"),
        Column(t["text"], turns["text"], "long"),
    ]


def _trend(report: OfficerReport, t: dict[str, str], lang: Language) -> list[Column]:
    keys = ["level", "group", "label"]
    table = report.trend.merge(report.trend_tests[[*keys, "slope", "q", "direction"]], on=keys, how="left")
    return [
        *_grouped(table, t),
        Column(t["label"], table["label"].map(lambda label: label_name(label, lang)), "text"),
        Column(t["period"], table["period"], "id"),
        Column(t["start"], table["start"], "date"),
        Column(t["interactions"], table["n"], "count"),
        Column(t["count"], table["k"], "count"),
        Column(t["share"], table["share"], "share"),
        Column(t["low"], table["low"], "share"),
        Column(t["high"], table["high"], "share"),
        Column(t["trend"], table["direction"].map(lambda direction: t.get(direction, "")), "id"),
        Column(t["slope"], table["slope"], "points"),
        Column(t["q"], table["q"], "probability"),
    ]


def _trend_chart(book: Any, sheet: Any, trend: pd.DataFrame, t: dict[str, str], lang: Language) -> None:
    """Lines of any violation and the virtues in the whole log; each with a dash of its own, for black and white."""
    name = sheet.get_name()
    chart = book.add_chart({"type": "line"})
    for measure, dash in zip((ANY_VIOLATION, *VIRTUES), _DASHES, strict=True):
        rows = trend.index[(trend["level"] == "all") & (trend["label"] == measure)]
        first, last = int(rows.min()) + 1, int(rows.max()) + 1  # the table is sorted: a group and label is one stretch
        colour = ACCENT[_kind(measure)]
        chart.add_series(
            {
                "name": label_name(measure, lang),
                "categories": [name, first, 4, last, 4],
                "values": [name, first, 7, last, 7],
                "line": {"color": colour, "width": 1.75, "dash_type": dash},
                "marker": {"type": "circle", "size": 5, "fill": {"color": "#FFFFFF"}, "border": {"color": colour}},
            }
        )
    chart.set_title({"name": f"{t['trend']}: {t['all'].lower()}", "name_font": {"size": 12}})
    chart.set_legend({"position": "bottom"})
    chart.set_x_axis({"num_format": "d mmm", "text_axis": True})
    chart.set_y_axis(
        {"num_format": "0%", "min": 0, "max": 1, "major_gridlines": {"visible": True, "line": {"color": "#E6E9EB"}}}
    )
    chart.set_size({"width": 680, "height": 340})
    sheet.insert_chart(1, 14, chart, {"description": t["key_trend_all"]})


def _grouped(table: pd.DataFrame, t: dict[str, str]) -> list[Column]:
    """Level and group of a table for the log, its units and its officers."""
    return [
        Column(t["level"], table["level"].map({"all": t["all"], "unit": t["unit"], "officer": t["officer"]}), "id"),
        Column(t["group"], table["group"], "id"),
    ]


def _chances(chances: pd.DataFrame, t: dict[str, str]) -> list[Column]:
    return [
        *_grouped(chances, t),
        Column(t["chances"], chances["kind"].map(lambda kind: t[kind]), "text"),
        Column(t["interactions"], chances["n"], "count"),
        Column(t["missed"], chances["k"], "count"),
        Column(t["share"], chances["share"], "share", "violation"),
        Column(t["low"], chances["low"], "share"),
        Column(t["high"], chances["high"], "share"),
        Column(t["interactions_to_read"], chances["interactions"].str.join(", "), "long"),
    ]


def _before_after(table: pd.DataFrame, t: dict[str, str], lang: Language) -> list[Column]:
    return [
        *_grouped(table, t),
        Column(t["label"], table["label"].map(lambda label: label_name(label, lang)), "text"),
        *(
            Column(f"{t[side]}, {t[word].lower()}", table[f"{name}_{side}"], look)
            for side in ("before", "after")
            for name, word, look in (
                ("k", "count", "count"),
                ("n", "interactions", "count"),
                ("share", "share", "share"),
            )
        ),
        Column(t["difference"], table["difference"], "points"),
        Column(t["low"], table["low"], "points"),
        Column(t["high"], table["high"], "points"),
        Column(t["q"], table["q"], "probability"),
        Column(
            t["warning"],
            table["warning"].map(
                lambda what: (
                    t["mix_of"].format(what=", ".join(t[name].lower() for name in what.split(", "))) if what else ""
                )
            ),
            "text",
        ),
        Column(t["stratified"], table["stratified"], "points"),
    ]


def _explanations(report: OfficerReport, t: dict[str, str], lang: Language) -> list[Column]:
    info = report.summary["model"]
    metrics = prevalence.metrics_of(info)
    rows: list[tuple[str, str, Any, Any]] = [
        (label.name[lang], label.definition[lang], *(metrics.get(label.id, {}).get(m) for m in ("precision", "recall")))
        for label in CODEBOOK
    ]
    named = t["any_violation"]
    notes = [
        (t["title"], f"{t['not_for']} {t['not_for_customers']}"),
        (named, f"{t['violation']}: " + ", ".join(label_name(label, lang) for label in VIOLATIONS)),
        (t["share"], t["method_rate"]),
        (f"{t['low']}, {t['high']}", f"{t['interval']} (Wilson)"),
        (t["count"], t["method_rate"].split(".")[0] + "."),
        (t["enough"], t["method_few"].format(n=statistics.ENOUGH)),
        (f"{t['shrunk']}, ◆●", t["method_shrunk"]),
        (t["true"], t["method_true"]),
        (t["trend"], t["method_trend"]),
        (t["chances"], t["chances_why"]),
        (t["review"], t["method_review"]),
        (f"{t['precision']}, {t['recall']}", t["method_error"]),
        (t["words"], t["words_why"]),
        (t["text"], t["masked" if report.masked else "unmasked"]),
    ]
    if "prevalence" in info:
        notes.append((t["probability"], t["method_prevalence"].format(share=percent(info["prevalence"], lang))))
    if report.summary["changed"] is not None:
        notes.append((t["before_after"], date(report.summary["changed"], lang)))
    rows += [(column, meaning, None, None) for column, meaning in notes]
    looks = ("text", "long", "share", "share")
    titles = (t["column"], t["explained"], t["precision"], t["recall"])
    return [
        Column(title, list(values), look)
        for title, values, look in zip(titles, zip(*rows, strict=True), looks, strict=True)
    ]
