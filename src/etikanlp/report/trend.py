"""Change over time: shares by week or month, and whether they rise or fall."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.stats import norm

from etikanlp.codebook import LABELS, VIOLATIONS
from etikanlp.report.statistics import ANY_VIOLATION, MEASURES, discoveries, wilson

LEVELS: Final = ("all", "unit", "officer")

_WEEKS: Final = 26
"""Weeks from which a log is told by months: half a year of weeks is as many points as a chart can show."""
_PERIODS: Final = 3
"""Periods from which there can be a trend; two are a difference."""
_FEWEST: Final = 5
"""Interactions showing the label, and not showing it, from which the normal approximation holds (Cochran 1954)."""
_KEYS: Final = ["level", "group", "label"]


def interactions_of(scores: pd.DataFrame, level: str) -> pd.DataFrame:
    """What each interaction shows, once for each group of a level that took part in it.

    Parameters
    ----------
    scores : DataFrame
        The score table.
    level : str
        ``all``, ``unit`` or ``officer``.

    Returns
    -------
    DataFrame
        ``level``, ``group`` (the unit or officer; empty for ``all``), ``interaction_id``, ``at`` (datetime64[s]: of
        the group's first turn), ``channel``, ``unit`` (of that turn, empty where unknown) and a bool column per
        measure.
    """
    group = {
        "all": pd.Series("", index=scores.index),
        "unit": scores["unit"].fillna("").astype(str),
        "officer": scores["officer_id"].astype(str),
    }[level]
    told = pd.DataFrame(
        {
            "group": group,
            "interaction_id": scores["interaction_id"].astype(str),
            "at": scores["at"].astype("datetime64[s]"),
            "channel": scores["channel"].fillna("").astype(str),
            "unit": scores["unit"].fillna("").astype(str),
        }
    )
    told[list(LABELS)] = scores[list(LABELS)].to_numpy(dtype=bool)
    how = {"at": "min", "channel": "first", "unit": "first", **dict.fromkeys(LABELS, "any")}
    table = told.groupby(["group", "interaction_id"], sort=True).agg(how).reset_index()
    table[ANY_VIOLATION] = table[list(VIOLATIONS)].any(axis=1)
    table.insert(0, "level", level)
    return table


def counted(told: pd.DataFrame, keys: list[str]) -> pd.DataFrame:
    """Interactions of :func:`interactions_of` by ``keys`` and ``label``: ``n`` (all), ``k`` (showing the label)."""
    grouped = told.groupby(keys)[list(MEASURES)]
    table = grouped.sum().astype(int).assign(n=grouped.size()).reset_index()
    return table.melt([*keys, "n"], var_name="label", value_name="k")


def ordered(table: pd.DataFrame, by: list[str], names: Sequence[str] = MEASURES) -> pd.DataFrame:
    """Sorted by columns: levels, and what ``names`` holds, in their own order, all else by value; index made new."""
    place = {name: number for number, name in enumerate((*LEVELS, *names))}
    named = {"level", "label", "kind"}
    ranked = table.sort_values(by, key=lambda column: column.map(place) if column.name in named else column)
    return ranked.reset_index(drop=True)


def trend(scores: pd.DataFrame) -> pd.DataFrame:
    """Share of interactions showing each measure, by period, for the whole log, each unit and each officer.

    Periods are ISO weeks where the log spans less than 26 of them, else months. An interaction belongs to the period of
    its first turn; those without a time are left out. The first and last period may be cut short by the log.

    Returns
    -------
    DataFrame
        ``level`` (all, unit, officer), ``group``, ``label`` (any of
        :data:`~etikanlp.report.statistics.MEASURES`), ``period`` (``2026-W46`` or ``2026-11``), ``start``
        (datetime64[s]: its first day), ``n`` and ``k`` (interactions, and those showing the label), ``share``,
        ``low``, ``high`` (95 % Wilson interval). Periods in which a group had no interaction have no row; empty if the
        log has no times.
    """
    parts = [interactions_of(scores, level).dropna(subset="at") for level in LEVELS]
    table = pd.concat(parts, ignore_index=True)
    weekly = table["at"].max() - table["at"].min() < pd.Timedelta(weeks=_WEEKS)
    table["start"] = table["at"].dt.to_period("W-SUN" if weekly else "M").dt.start_time.astype("datetime64[s]")
    counts = counted(table, ["level", "group", "start"])
    counts["period"] = counts["start"].dt.strftime("%G-W%V" if weekly else "%Y-%m")
    counts["share"] = counts["k"] / counts["n"]
    counts["low"], counts["high"] = wilson(counts["k"], counts["n"])
    counts = ordered(counts, [*_KEYS, "start"])
    return counts[[*_KEYS, "period", "start", "n", "k", "share", "low", "high"]]


def trend_tests(table: pd.DataFrame) -> pd.DataFrame:
    """Whether shares rise or fall: the Cochran-Armitage test for each group and label of :func:`trend`.

    Returns
    -------
    DataFrame
        ``level``, ``group``, ``label``, ``slope`` (change of the share a period, least squares weighted by ``n``),
        ``z``, ``p``, ``q`` (false discoveries controlled over all groups and labels tested) and ``direction``
        (``rising``, ``falling`` or empty, at q ≤ 0.05). NaN where there are fewer than three periods, or fewer than
        five interactions showing the label or not showing it.

    References
    ----------
    W. G. Cochran (1954), Some methods for strengthening the common χ² tests, Biometrics 10; P. Armitage (1955), Tests
    for linear trends in proportions and frequencies, Biometrics 11; Benjamini and Hochberg (1995), JRSS B 57.
    """
    if table.empty:
        return pd.DataFrame(columns=[*_KEYS, "slope", "z", "p", "q", "direction"])
    first = table["start"].min()
    weekly = table["period"].str.contains("W").all()
    months = (table["start"].dt.year - first.year) * 12 + table["start"].dt.month - first.month
    at = (table["start"] - first).dt.days // 7 if weekly else months
    n, k = table["n"].astype(float), table["k"].astype(float)
    sums = pd.DataFrame({"n": n, "k": k, "nt": n * at, "kt": k * at, "ntt": n * at**2, "periods": 1})
    s = sums.groupby([table[key] for key in _KEYS], sort=False).sum()
    slope, z = cochran_armitage(*(s[name].to_numpy() for name in ("n", "k", "nt", "kt", "ntt")))
    tested = (s["periods"] >= _PERIODS) & (s["k"] >= _FEWEST) & (s["n"] - s["k"] >= _FEWEST)
    found = s.assign(slope=slope, z=z)[["slope", "z"]].where(tested)
    found["p"] = 2 * norm.sf(found["z"].abs())
    found["q"] = discoveries(found["p"].to_numpy())
    side = np.where(found["z"] > 0, "rising", "falling")
    found["direction"] = np.where(found["q"] <= 0.05, side, "")
    return found.reset_index()


def cochran_armitage(
    n: npt.NDArray[np.float64],
    k: npt.NDArray[np.float64],
    nt: npt.NDArray[np.float64],
    kt: npt.NDArray[np.float64],
    ntt: npt.NDArray[np.float64],
) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    """Slope and standard normal statistic of a linear trend in proportions, from sums over the periods t.

    Parameters
    ----------
    n, k, nt, kt, ntt : ndarray, one shape
        Σn, Σk, Σnt, Σkt and Σnt² of trials n and successes k.

    Returns
    -------
    slope, z : ndarray, same shape; NaN where nothing varies.
    """
    with np.errstate(invalid="ignore", divide="ignore"):
        share = k / n
        spread = ntt - nt**2 / n
        slope = (kt - share * nt) / spread
        return slope, (kt - share * nt) / np.sqrt(share * (1 - share) * spread)
