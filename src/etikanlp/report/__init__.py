"""The report per officer: figures first, renderings apart."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

import pandas as pd

from etikanlp.codebook import VIOLATIONS, Language
from etikanlp.model import Model
from etikanlp.report import beforeafter, chances, prevalence, shrinkage, statistics, timing, trend

Progress = Callable[[list[Any]], Iterable[Any]]


@dataclass(frozen=True)
class OfficerReport:
    """Figures on every officer and unit, and the turns behind every violation flag.

    ``officers`` and ``units`` have a row each with ``interactions``, ``turns``, ``enough`` (whether there are enough
    interactions to judge) and, for every label and for ``any_violation``: the share of interactions showing it
    (float64, 0 to 1), ``<label>_low`` and ``<label>_high`` (95 % Wilson interval) and ``<label>_n`` (interactions
    showing it), ``<label>_true``, ``_true_low``, ``_true_high`` (the share with the classifier's own error taken out,
    :func:`~etikanlp.report.prevalence.with_true_shares`; NaN where that error is not known), and the length and pace
    of turns (:func:`~etikanlp.report.timing.timing`).
    ``officers`` has besides what :func:`~etikanlp.report.shrinkage.compared` says of each beside the unit:
    ``needed``, ``<label>_shrunk``, ``_shrunk_low``, ``_shrunk_high``, and for violations ``<label>_q`` and
    ``<label>_outlier``.
    ``flags`` has a row per flagged violation: who, when, which label, probability, text, context and the words.
    """

    officers: pd.DataFrame
    units: pd.DataFrame
    flags: pd.DataFrame
    summary: dict[str, Any]
    """Counts, period, and what is known of the model's errors."""
    trend: pd.DataFrame = field(default_factory=pd.DataFrame)
    """Shares by week or month, :func:`~etikanlp.report.trend.trend`; empty if the log has no times."""
    trend_tests: pd.DataFrame = field(default_factory=pd.DataFrame)
    """Which of them rise or fall, :func:`~etikanlp.report.trend.trend_tests`."""
    chances: pd.DataFrame = field(default_factory=pd.DataFrame)
    """Missed chances with the interactions to read, :func:`~etikanlp.report.chances.chances`."""
    before_after: pd.DataFrame | None = None
    """Differences around a date, :func:`~etikanlp.report.beforeafter.before_after`; None if none was given."""
    masked: bool = True
    """Whether excerpts are shown with what identifies persons masked (:func:`etikanlp.privacy.mask`)."""
    strengths: pd.DataFrame = field(default_factory=pd.DataFrame)
    """The clearest virtues of each officer, :func:`~etikanlp.report.statistics.strengths`; columns as ``flags``."""

    def to_html(self, path: str | Path, lang: Language = "id", progress: Progress = iter) -> Path:
        """Write one self-contained HTML page that opens offline; returns its path.

        ``progress`` is given the list of officers and gives it back one by one (``tqdm``).
        """
        from etikanlp.report.html import write  # noqa: PLC0415 - Jinja and matplotlib are loaded only to render

        return write(self, Path(path), lang, progress)

    def to_excel(self, path: str | Path, lang: Language = "id") -> Path:
        """Write an Excel workbook, a sheet for each question; returns its path."""
        from etikanlp.report.excel import write  # noqa: PLC0415

        return write(self, Path(path), lang)

    def to_pdf(self, path: str | Path, officer: str, lang: Language = "id") -> Path:
        """Write the page of one officer as A4 PDF, with nobody else's name or turns; returns its path.

        Raises
        ------
        ReportError
            If there is no such officer, or no Chromium to print with.
        """
        from etikanlp.report.pdf import write  # noqa: PLC0415

        return write(self, Path(path), officer, lang)

    def to_tables(self, folder: str | Path, kind: Literal["csv", "parquet"] = "csv") -> list[Path]:
        """Write every table as a file of its own, for dashboards; turns are masked as in the other renderings.

        Raises
        ------
        LogError
            If the kind is unknown.
        """
        from etikanlp.report.frames import write  # noqa: PLC0415

        return write(self, Path(folder), kind)


def officer_report(
    scores: pd.DataFrame, model: Model, before_after: str | pd.Timestamp | None = None, mask: bool = True
) -> OfficerReport:
    """Build the report from a score table.

    Parameters
    ----------
    scores : DataFrame
        As :func:`etikanlp.score` returns it.
    model : Model
        Names the words behind each flag and says how often it errs.
    before_after : str or Timestamp, optional
        First day after a change (a training, a new rule) to compare the time before with.
    mask : bool
        Whether names, numbers and addresses in excerpts are masked; False only for those entitled to see them.

    Returns
    -------
    OfficerReport

    Raises
    ------
    ValueError
        If there is no officer turn, or nothing to compare before or after the date.
    """
    rejects = len(scores.attrs.get("rejects", []))
    scores = scores.copy(deep=False)
    scores.attrs = {}  # pandas would copy the rejects at every step
    if scores.empty:
        raise ValueError("the score table is empty: the log has no officer turn")
    at = scores["at"].dropna()
    changed = None if before_after is None else beforeafter.moment_of(before_after)
    units = statistics.rates(scores.assign(unit=scores["unit"].fillna("")), "unit")
    officers = statistics.rates(scores, "officer_id")
    officers.insert(1, "unit", statistics.home_unit(scores, officers["officer_id"]))
    overall = prevalence.with_true_shares(statistics.rates(scores.assign(unit="all"), "unit"), model.info)
    units = prevalence.with_true_shares(units, model.info).merge(timing.timing(scores, "unit"), on="unit", how="left")
    officers = shrinkage.compared(prevalence.with_true_shares(officers, model.info))
    officers = officers.merge(timing.timing(scores), on="officer_id", how="left")
    by_period = trend.trend(scores)
    summary = {
        "officers": len(officers),
        "interactions": statistics.count_interactions(scores),
        "turns": len(scores),
        "flags": int(scores[list(VIOLATIONS)].sum().sum()),
        "first": at.min() if len(at) else None,
        "last": at.max() if len(at) else None,
        "overall": overall.iloc[0].to_dict(),
        "rejects": rejects,
        "changed": changed,
        "model": model.info,
    }
    return OfficerReport(
        officers,
        units,
        statistics.flags(scores, model, mask),
        summary,
        by_period,
        trend.trend_tests(by_period),
        chances.chances(scores),
        None if changed is None else beforeafter.before_after(scores, changed),
        mask,
        statistics.strengths(scores, model, masked=mask),
    )
