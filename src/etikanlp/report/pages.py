"""What the page of an officer shows, ready to be set: figures beside the unit, change, strengths, concerns."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import pandas as pd
from markupsafe import Markup

from etikanlp.codebook import VIOLATIONS, VIRTUES, Language
from etikanlp.report import sentences
from etikanlp.report.charts import Charts, Point
from etikanlp.report.excerpts import CONTEXT_LENGTH, quoted, shown, weighed
from etikanlp.report.statistics import ANY_VIOLATION, MEASURES
from etikanlp.report.wording import (
    CHANNEL,
    between,
    counted,
    date,
    label_name,
    number,
    percent,
    period,
    phrases,
    points,
    probability,
    short_date,
)  # fmt: skip

if TYPE_CHECKING:
    from etikanlp.report import OfficerReport

Row = dict[str, Any]

EXCERPTS: Final = 1_200
"""Flags quoted in a page at most: with two hundred officers that keeps it under 3 MB."""
_EACH: Final = 12
"""Flags of one officer and label quoted at most; the Excel file has them all."""
_IDS: Final = 8
"""Interactions named for a missed chance."""


class Pages:
    """The pages of a report's officers, their lines in its tables, and the units'.

    Parameters
    ----------
    report : OfficerReport
    charts : Charts
        Draws for the page that these are set in.
    lang : str
    """

    order: Final = (ANY_VIOLATION, *VIOLATIONS, *VIRTUES)
    """Measures in the order of the tables."""

    def __init__(self, report: OfficerReport, charts: Charts, lang: Language) -> None:
        self._report, self._charts, self._lang = report, charts, lang
        self._t = phrases(lang)
        self._officers = {row["officer_id"]: row for row in report.officers.to_dict("records")}
        self._units = {row["unit"]: row for row in report.units.to_dict("records")}
        self._number = {officer: place for place, officer in enumerate(self._officers, 1)}
        self._flags = _by(shown(report.flags, report.masked), "officer_id")
        self._strengths = _by(shown(report.strengths, report.masked), "officer_id") if len(report.strengths) else {}
        self._each = _excerpts_each(report.flags)
        self._directions = sentences.directions(report, lang) if len(report.trend_tests) else report.trend_tests
        self._trend = {key: part for key, part in report.trend.groupby(["level", "group", "label"])} if len(
            report.trend
        ) else {}  # fmt: skip
        self._chances = (
            _by(report.chances[report.chances["level"] == "officer"], "group") if len(report.chances) else {}
        )
        self._unit_chances = {
            (row.group, row.kind): row.share
            for row in (report.chances[report.chances["level"] == "unit"].itertuples() if len(report.chances) else ())
        }

    def link(self, officer: str) -> Markup:
        """The officer's id, leading to the page."""
        return Markup('<a href="#officer-{}">{}</a>').format(self._number[officer], officer)

    def of(self, officer: str) -> dict[str, Any]:
        """Everything on one officer's page."""
        row, lang = self._officers[officer], self._lang
        unit, flags = self._units[row["unit"]], self._flags.get(officer, [])
        tests = self._directions
        if len(tests):
            tests = tests[(tests["level"] == "officer") & (tests["group"] == officer)]
        return {
            "number": self._number[officer],
            "last": len(self._number),
            "officer": officer,
            "unit": row["unit"],
            "enough": row["enough"],
            "lead": f"{counted(row['interactions'], 'interaction', lang)} · {counted(row['turns'], 'turn', lang)}",
            "said": sentences.of_officer(row, unit, flags, tests, lang),
            "profile": [self._profile(row, unit, measure) for measure in MEASURES],
            "pace": sentences.pace(row, unit, lang),
            "trends": self.trends("officer", officer, row["unit"]),
            "strengths": [self._excerpt(turn) for turn in self._strengths.get(officer, [])],
            "concerns": self._concerns(flags),
            "chances": [self._chance(chance, row["unit"]) for chance in self._chances.get(officer, [])],
            "before_after": self.before_after("officer", officer),
        }

    def line(self, officer: str) -> dict[str, Any]:
        """An officer's line in a table."""
        row = self._officers[officer]
        unit = self._units[row["unit"]]
        flags = self._flags.get(officer, [])
        return {
            "link": self.link(officer),
            "unit": row["unit"],
            "interactions": (row["interactions"], number(row["interactions"], self._lang)),
            "enough": row["enough"],
            "clearly_flagged": any(not flag["review"] for flag in flags),
            "above": any(row[f"{measure}_outlier"] == "above" for measure in (*VIOLATIONS, ANY_VIOLATION)),
            "k": number(row[f"{ANY_VIOLATION}_n"], self._lang),
            "between": between(row[f"{ANY_VIOLATION}_low"], row[f"{ANY_VIOLATION}_high"]),
            "strip": self._strip(row, unit, ANY_VIOLATION),
            "cells": [
                (round(row[measure], 4), percent(row[measure], self._lang), row.get(f"{measure}_outlier", ""))
                for measure in self.order
            ],
        }

    def units(self) -> list[dict[str, Any]]:
        """The lines of the units' table."""
        return [
            {
                "unit": row["unit"] or self._t["no_unit"],
                "interactions": number(row["interactions"], self._lang),
                "enough": row["enough"],
                "cells": [
                    (percent(row[measure], self._lang), between(row[f"{measure}_low"], row[f"{measure}_high"]))
                    for measure in self.order
                ],
            }
            for row in self._units.values()
        ]

    def trends(self, level: str, group: str, unit: str | None = None) -> list[tuple[str, Markup, str]]:
        """Charts of what changes: any violation always, then the labels that rise or fall; with name and direction."""
        tests = self._directions
        there = tests[(tests["level"] == level) & (tests["group"] == group)] if len(tests) else tests
        direction = dict(zip(there["label"], there["direction"], strict=True)) if len(there) else {}
        wanted = dict.fromkeys([ANY_VIOLATION, *direction])
        drawn = []
        for measure in wanted:
            table = self._trend.get((level, group, measure))
            if table is None or len(table) < 2:
                continue
            drawn.append(
                (
                    label_name(measure, self._lang),
                    self._drawn(table, self._trend.get(("unit", unit, measure)), measure),
                    self._t.get(direction.get(measure, ""), ""),
                )
            )
        return drawn

    def before_after(self, level: str, group: str) -> list[dict[str, str]]:
        """Rows of the comparison around a date."""
        table = self._report.before_after
        if table is None:
            return []
        rows = table[(table["level"] == level) & (table["group"] == group)].to_dict("records")
        return [self._difference(row) for row in rows]

    def _profile(self, row: Row, unit: Row, measure: str) -> dict[str, Any]:
        lang = self._lang
        return {
            "label": label_name(measure, lang),
            "kind": "virtue" if measure in VIRTUES else "violation",
            "share": percent(row[measure], lang),
            "k": number(row[f"{measure}_n"], lang),
            "n": number(row["interactions"], lang),
            "between": between(row[f"{measure}_low"], row[f"{measure}_high"]),
            "strip": self._strip(row, unit, measure),
            "shrunk": percent(row[f"{measure}_shrunk"], lang),
            "unit": percent(unit[measure], lang),
            "true": percent(row[f"{measure}_true"], lang),
            "true_between": between(row[f"{measure}_true_low"], row[f"{measure}_true_high"]),
            "outlier": row.get(f"{measure}_outlier", ""),
        }

    def _strip(self, row: Row, unit: Row, measure: str) -> Markup:
        kind = "virtue" if measure in VIRTUES else "violation"
        return self._charts.interval(_point(row, measure), kind, unit[measure], row[f"{measure}_shrunk"])

    def _drawn(self, table: pd.DataFrame, unit: pd.DataFrame | None, measure: str) -> Markup:
        lang = self._lang
        every = self._trend["all", "", measure]["start"]
        whole = table.set_index("start").reindex(every)
        points_ = [Point(*row) for row in whole[["share", "low", "high"]].itertuples(index=False)]
        monthly = "W" not in table["period"].iloc[0]
        described = "; ".join(
            f"{short_date(row.start, lang, monthly)}: {percent(row.share, lang)} ({self._of(row.k, row.n)})"
            for row in table.itertuples()
        )
        return self._charts.trend(
            points_,
            [short_date(start, lang, monthly) for start in every],
            "virtue" if measure in VIRTUES else "violation",
            None if unit is None else unit.set_index("start")["share"].reindex(every).tolist(),
            (f"{label_name(measure, lang)}, {period(every.iloc[0], every.iloc[-1], lang)}", described),
            "\u202f%",
        )

    def _of(self, k: int, n: int) -> str:
        return f"{number(k, self._lang)} {self._t['of']} {number(n, self._lang)}"

    def _excerpt(self, turn: Row) -> dict[str, Any]:
        lang = self._lang
        place = (
            "" if pd.isna(turn["at"]) else date(turn["at"], lang, clock=True),
            f"{turn['interaction_id']}, {self._t['turn'].lower()} {turn['turn']}",
            CHANNEL[lang].get(turn["channel"], "") if isinstance(turn["channel"], str) else "",
        )
        words: dict[str, str] = {}
        for start, end, share, _ in weighed(turn["highlights"]):
            words.setdefault(turn["text"][start:end], f"{100 * share:.0f}")
        return {
            "label": label_name(turn["label"], lang),
            "place": [part for part in place if part],
            "probability": probability(turn["probability"], lang),
            "threshold": number(turn["threshold"], lang, 2),
            "review": turn["review"],
            "context": quoted(turn["context"], length=CONTEXT_LENGTH) if turn["context"] else "",
            "text": quoted(turn["text"], turn["highlights"]),
            "words": ", ".join(f"{word} {weight}" for word, weight in words.items()),
        }

    def _concerns(self, flags: list[Row]) -> list[dict[str, Any]]:
        """By label, the most frequent first: how many, those outside the review band and most probable quoted."""
        of_label = {label: [flag for flag in flags if flag["label"] == label] for label in VIOLATIONS}
        return [
            {
                "label": label_name(label, self._lang),
                "count": counted(len(own), "flag", self._lang),
                "excerpts": [
                    self._excerpt(flag) for flag in sorted(own, key=lambda flag: flag["review"])[: self._each]
                ],
                "more": number(len(own) - self._each, self._lang) if len(own) > self._each else "",
            }
            for label, own in sorted(of_label.items(), key=lambda item: -len(item[1]))
            if own
        ]

    def _chance(self, chance: Row, unit: str) -> dict[str, Any]:
        ids = chance["interactions"]
        return {
            "kind": self._t[chance["kind"]],
            "k": number(chance["k"], self._lang),
            "n": number(chance["n"], self._lang),
            "between": between(chance["low"], chance["high"]),
            "unit": percent(self._unit_chances.get((unit, chance["kind"]), float("nan")), self._lang),
            "ids": ", ".join(ids[:_IDS]),
            "more": self._t["and_more"].format(n=len(ids) - _IDS) if len(ids) > _IDS else "",
        }

    def _difference(self, row: Row) -> dict[str, str]:
        lang = self._lang
        bounds = [points(row[f"stratified{end}"], lang) for end in ("", "_low", "_high")]
        return {
            "label": label_name(row["label"], lang),
            **{
                side: f"{percent(row[f'share_{side}'], lang)} ({self._of(row[f'k_{side}'], row[f'n_{side}'])})"
                for side in ("before", "after")
            },
            "difference": points(row["difference"], lang),
            "between": f"{points(row['low'], lang)} … {points(row['high'], lang)}",
            "warning": row["warning"],
            "stratified": "–" if pd.isna(row["stratified"]) else "{} ({} … {})".format(*bounds),
        }


def _point(row: Row, measure: str) -> Point:
    return Point(row[measure], row[f"{measure}_low"], row[f"{measure}_high"])


def _by(table: pd.DataFrame, column: str) -> dict[str, list[Row]]:
    return {str(key): part.to_dict("records") for key, part in table.groupby(column)}


def _excerpts_each(flags: pd.DataFrame) -> int:
    """How many flags of an officer and label can be quoted so that the page stays small; at least one."""
    sizes = flags.groupby(["officer_id", "label"]).size()
    fitting = [each for each in range(1, _EACH + 1) if sizes.clip(upper=each).sum() <= EXCERPTS]
    return max(fitting, default=1)
