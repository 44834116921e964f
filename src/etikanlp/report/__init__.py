"""The report per officer: figures first, renderings apart."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from etikanlp.codebook import VIOLATIONS, Language
from etikanlp.model import Model
from etikanlp.report import statistics


@dataclass(frozen=True)
class OfficerReport:
    """Figures on every officer and unit, and the turns behind every violation flag.

    ``officers`` and ``units`` have a row each with ``interactions``, ``turns``, ``enough`` (whether there are enough
    interactions to judge) and, for every label and for ``any_violation``: the share of interactions showing it
    (float64, 0 to 1), ``<label>_low`` and ``<label>_high`` (95 % Wilson interval) and ``<label>_n`` (interactions
    showing it).
    ``flags`` has a row per flagged violation: who, when, which label, probability, text, context and the words.
    """

    officers: pd.DataFrame
    units: pd.DataFrame
    flags: pd.DataFrame
    summary: dict[str, Any]
    """Counts, period, and what is known of the model's errors."""
    masked: bool = True
    """Whether excerpts are shown with what identifies persons masked (:func:`etikanlp.privacy.mask`)."""

    def to_html(self, path: str | Path, lang: Language = "id") -> Path:
        """Write one self-contained HTML page that opens offline; returns its path."""
        from etikanlp.report.html import write  # noqa: PLC0415 - Jinja is loaded only to render

        return write(self, Path(path), lang)

    def to_excel(self, path: str | Path, lang: Language = "id") -> Path:
        """Write an Excel workbook: officers, units, flags, and a sheet that explains every column."""
        from etikanlp.report.excel import write  # noqa: PLC0415

        return write(self, Path(path), lang)


def officer_report(scores: pd.DataFrame, model: Model, mask: bool = True) -> OfficerReport:
    """Build the report from a score table.

    Parameters
    ----------
    scores : DataFrame
        As :func:`etikanlp.score` returns it.
    model : Model
        Names the words behind each flag and says how often it errs.
    mask : bool
        Whether names, numbers and addresses in excerpts are masked; False only for those entitled to see them.

    Returns
    -------
    OfficerReport

    Raises
    ------
    ValueError
        If there is no officer turn.
    """
    rejects = len(scores.attrs.get("rejects", []))
    scores = scores.copy(deep=False)
    scores.attrs = {}  # pandas would copy the rejects at every step
    if scores.empty:
        raise ValueError("the score table is empty: the log has no officer turn")
    at = scores["at"].dropna()
    units = statistics.rates(scores.assign(unit=scores["unit"].fillna("")), "unit")
    officers = statistics.rates(scores, "officer_id")
    officers.insert(1, "unit", statistics.home_unit(scores, officers["officer_id"]))
    summary = {
        "officers": len(officers),
        "interactions": statistics.count_interactions(scores),
        "turns": len(scores),
        "flags": int(scores[list(VIOLATIONS)].sum().sum()),
        "first": at.min() if len(at) else None,
        "last": at.max() if len(at) else None,
        "overall": statistics.rates(scores.assign(unit="all"), "unit").iloc[0].to_dict(),
        "rejects": rejects,
        "model": model.info,
    }
    return OfficerReport(officers, units, statistics.flags(scores, model, mask), summary, mask)
