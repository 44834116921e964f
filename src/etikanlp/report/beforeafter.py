"""Before against after a date (a training, a new rule): the difference, and what else changed meanwhile."""

from __future__ import annotations

from typing import Final

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.stats import chi2, norm

from etikanlp.recognition import times
from etikanlp.report.statistics import ENOUGH, discoveries, wilson
from etikanlp.report.trend import LEVELS, counted, interactions_of, ordered

Array = npt.NDArray[np.float64]

MIX: Final = {"all": ("channel", "unit"), "unit": ("channel",), "officer": ("channel",)}
"""What may change between before and after, by level. A log has no sectors; its units stand for them."""
_SHIFT: Final = 0.1
"""Share of interactions that must have moved for a mix to count as changed: a smaller shift cannot move a share by more
than a tenth of what the parts differ by."""


def newcombe(k1: npt.ArrayLike, n1: npt.ArrayLike, k0: npt.ArrayLike, n0: npt.ArrayLike) -> tuple[Array, Array]:
    """95 % interval of the difference k1 / n1 − k0 / n0 of independent shares: hybrid of two Wilson intervals.

    Parameters
    ----------
    k1, n1, k0, n0 : array of int
        Interactions showing the label, and all, after (1) and before (0).

    Returns
    -------
    low, high : ndarray of float64; NaN where a side is empty.

    References
    ----------
    R. G. Newcombe (1998), Interval estimation for the difference between independent proportions: comparison of eleven
    methods, Statistics in Medicine 17, method 10.
    """
    k1, n1, k0, n0 = (np.asarray(x, dtype=float) for x in (k1, n1, k0, n0))
    (low1, high1), (low0, high0) = wilson(k1, n1), wilson(k0, n0)
    with np.errstate(invalid="ignore", divide="ignore"):
        p1, p0 = k1 / n1, k0 / n0
    difference = p1 - p0
    return difference - np.hypot(p1 - low1, high0 - p0), difference + np.hypot(high1 - p1, p0 - low0)


def mantel_haenszel(strata: pd.DataFrame, by: list[str]) -> pd.DataFrame:
    """Difference of shares common to all strata, after minus before, with its 95 % interval.

    Parameters
    ----------
    strata : DataFrame
        A row a stratum: the columns ``by`` and ``k1``, ``n1``, ``k0``, ``n0`` (as :func:`newcombe`). Strata with an
        empty side say nothing and weigh nothing.
    by : list of str
        Rows alike in these are strata of one comparison.

    Returns
    -------
    DataFrame
        ``by``, ``stratified``, ``stratified_low``, ``stratified_high`` (NaN where no stratum has both sides).

    References
    ----------
    N. Mantel and W. Haenszel (1959), weights of W. G. Cochran (1954); variance: T. Sato (1989), On the variance
    estimator for the Mantel-Haenszel risk difference, Biometrics 45; interval: B. Klingenberg (2014), A new and
    improved confidence interval for the Mantel-Haenszel risk difference, Statistics in Medicine 33, which stays sound
    with rare events and thin strata.
    """
    k1, n1, k0, n0 = (strata[name].astype(float) for name in ("k1", "n1", "k0", "n0"))
    n = n1 + n0
    terms = pd.DataFrame(
        {
            "w": n1 * n0 / n,
            "d": (k1 * n0 - k0 * n1) / n,
            "P": (n1**2 * k0 - n0**2 * k1 + n1 * n0 * (n0 - n1) / 2) / n**2,
            "Q": (k1 * (n0 - k0) + k0 * (n1 - k1)) / (2 * n),
        }
    ).where((n1 > 0) & (n0 > 0), 0.0)
    s = terms.groupby([strata[name] for name in by], sort=False).sum()
    s = s.where(s["w"] > 0)
    z2 = norm.ppf(0.975) ** 2
    difference = s["d"] / s["w"]
    middle = difference + z2 * s["P"] / s["w"] ** 2 / 2
    half = np.sqrt((middle**2 - difference**2 + z2 * s["Q"] / s["w"] ** 2).clip(lower=0))
    bounds = {"stratified_low": (middle - half).clip(-1, 1), "stratified_high": (middle + half).clip(-1, 1)}
    return pd.DataFrame({"stratified": difference, **bounds}).reset_index()


def before_after(scores: pd.DataFrame, date: str | pd.Timestamp) -> pd.DataFrame:
    """Shares before a date against shares from that date on, for the log, each unit and each officer.

    A difference says what changed, not why. Where the mix of channels changed (for the whole log: of channels or units)
    so may the shares without anybody's doing, so the difference within channels (and units) stands beside it.

    Parameters
    ----------
    scores : DataFrame
        The score table; interactions without a time are left out.
    date : str or Timestamp
        First moment of the time after.

    Returns
    -------
    DataFrame
        A row a level, group and label with enough interactions on both sides: ``level``, ``group``, ``label``,
        ``k_before``, ``n_before``, ``share_before``, ``k_after``, ``n_after``, ``share_after``, ``difference`` (after
        minus before, −1 to 1) with ``low`` and ``high`` (95 %), ``q`` (score test of no difference, false discoveries
        controlled over all rows), ``mix_change`` (share of interactions that would have to change channel, or unit, to
        make both sides alike: total variation, the larger), ``warning`` (``channel``, ``unit``, ``channel, unit`` or
        empty: what changed, by at least a tenth and more than chance would have it at 5 %) and, where there is a
        warning, ``stratified``, ``stratified_low``, ``stratified_high`` (:func:`mantel_haenszel`), else NaN.

    Raises
    ------
    ValueError
        If the date cannot be read, or the log has no time before or none from it on.

    References
    ----------
    Newcombe (1998) as in :func:`newcombe`; K. Pearson's χ² test of the mixes; Benjamini and Hochberg (1995), JRSS B 57.
    """
    moment = moment_of(date)
    told = pd.concat([interactions_of(scores, level).dropna(subset="at") for level in LEVELS], ignore_index=True)
    told["after"] = told["at"] >= moment
    if told["after"].nunique() < 2:
        span = f"from {told['at'].min():%Y-%m-%d} to {told['at'].max():%Y-%m-%d}" if len(told) else "no times at all"
        raise ValueError(f"nothing to compare before and after {moment:%Y-%m-%d}: the log has {span}")
    keys = ["level", "group"]
    sides = _sides(told, keys)
    enough = sides[(sides["n1"] >= ENOUGH) & (sides["n0"] >= ENOUGH)]
    table = enough.merge(_mix(told), on=keys, how="left")
    cells = told.assign(
        stratum=np.where(told["level"] == "all", told["channel"] + "\n" + told["unit"], told["channel"])
    )
    common = mantel_haenszel(_sides(cells, [*keys, "stratum"]), [*keys, "label"])
    table = table.merge(common, on=[*keys, "label"], how="left")
    stratified = ["stratified", "stratified_low", "stratified_high"]
    table[stratified] = table[stratified].where(table["warning"] != "")
    table["share_before"], table["share_after"] = table["k0"] / table["n0"], table["k1"] / table["n1"]
    table["difference"] = table["share_after"] - table["share_before"]
    table["low"], table["high"] = newcombe(table["k1"], table["n1"], table["k0"], table["n0"])
    table["q"] = discoveries(_score_test(table))
    table = table.rename(columns={"k0": "k_before", "n0": "n_before", "k1": "k_after", "n1": "n_after"})
    return ordered(table, [*keys, "label"])[
        [*keys, "label", "k_before", "n_before", "share_before", "k_after", "n_after", "share_after", "difference",
         "low", "high", "q", "mix_change", "warning", *stratified]
    ]  # fmt: skip


def moment_of(date: str | pd.Timestamp) -> pd.Timestamp:
    """A date as a log's times are read: the day before the month, no time zone.

    Raises
    ------
    ValueError
        If it cannot be read.
    """
    moment = times(pd.Series([date]))[0] if isinstance(date, str) else pd.Timestamp(date).tz_localize(None)
    if moment is pd.NaT:
        raise ValueError(f"{date!r} is no date; write it as 2026-06-01")
    return moment


def _sides(told: pd.DataFrame, keys: list[str]) -> pd.DataFrame:
    """``keys``, ``label``, ``k1``, ``n1``, ``k0``, ``n0``: counts after and before, 0 where a side is empty."""
    long = counted(told, [*keys, "after"])
    wide = long.pivot_table(index=[*keys, "label"], columns="after", values=["k", "n"], aggfunc="sum", fill_value=0)
    wide.columns = [f"{name}{int(after)}" for name, after in wide.columns]
    return wide.astype(int).reset_index()


def _mix(told: pd.DataFrame) -> pd.DataFrame:
    """``level``, ``group``, ``mix_change``, ``warning``."""
    parts = []
    for variable in ("channel", "unit"):
        part = told[told["level"].map(lambda level, variable=variable: variable in MIX[level])]
        counts = part.pivot_table(index=["level", "group", variable], columns="after", aggfunc="size", fill_value=0)
        total = counts.groupby(["level", "group"]).transform("sum")
        expected = total.mul(counts.sum(axis=1) / total.sum(axis=1), axis=0)
        moved = (counts[True] / total[True] - counts[False] / total[False]).abs() / 2
        terms = ((counts - expected) ** 2 / expected).sum(axis=1)
        s = pd.DataFrame({"mix_change": moved, "chi2": terms, "kinds": 1}).groupby(["level", "group"]).sum()
        p = chi2.sf(s["chi2"], s["kinds"] - 1)
        changed = (s["mix_change"] >= _SHIFT) & (p < 0.05)
        parts.append(s[["mix_change"]].assign(warning=np.where(changed, variable, "")).reset_index())
    both = pd.concat(parts).groupby(["level", "group"])
    return both.agg({"mix_change": "max", "warning": lambda found: ", ".join(filter(None, found))}).reset_index()


def _score_test(table: pd.DataFrame) -> Array:
    """Two-sided p-value of no difference (pooled variance); 1 where nothing was shown, or everything."""
    pooled = (table["k1"] + table["k0"]) / (table["n1"] + table["n0"])
    variance = pooled * (1 - pooled) * (1 / table["n1"] + 1 / table["n0"])
    z = (table["difference"] / np.sqrt(variance)).where(variance > 0, 0.0)
    return np.asarray(2 * norm.sf(z.abs()))
