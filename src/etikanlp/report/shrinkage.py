"""Officers beside their unit: shares drawn towards it by how little is known, outliers named with few false alarms.

The officers of a unit are taken to have true shares that scatter as a beta distribution round the unit's; what was
counted is then beta-binomial. How the beta lies is not known either, so everything is averaged over a grid of betas,
weighted by how well each fits the unit: with two officers, or less scatter than chance alone would make, nothing
breaks, it only stays wide.
"""

from __future__ import annotations

from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.special import betaln, softmax
from scipy.stats import beta

from etikanlp.codebook import VIOLATIONS
from etikanlp.report.statistics import ANY_VIOLATION, ENOUGH, MEASURES, discoveries

Array = npt.NDArray[np.float64]

FALSE_DISCOVERIES: Final = 0.05
"""Share of the officers named outliers that may be so by chance."""
JUDGED: Final = (*VIOLATIONS, ANY_VIOLATION)
"""Measures on which officers are named outliers."""

_SCATTERS = np.exp(np.linspace(-3, 4, 15))  # a typical officer's interactions over the beta's a + b
_CENTRES = 40
_REACH = 6  # standard errors of the unit's centre that the grid spans on either side


class Comparison(NamedTuple):
    """Officers of one unit on one measure; arrays of shape (n_officers,)."""

    mean: Array
    """Shrunk share: posterior mean, 0 to 1."""
    low: Array
    high: Array
    """95 % credible interval of the officer's true share."""
    p: Array
    """Two-sided mid-p value of the officer's count against what the other officers of the unit predict; NaN alone."""
    above: npt.NDArray[np.bool_]
    """Whether the count lies above the middle of that prediction."""


def compare(showing: npt.ArrayLike, n: npt.ArrayLike) -> Comparison:
    """Compare the officers of one unit on one measure.

    The beta's mean has Jeffreys' prior, the logarithm of its scatter a flat one, between giving a typical officer's own
    figure 5 % and 98 % of the weight: no unit is taken to be wholly of one piece. The p-value leaves the officer out of
    the unit: an outlier must not widen the measure it is held against. It is posterior predictive, so scatter between
    officers that the unit really has is no ground to name anybody. Simulated without outliers, 0 to 3 % of p-values
    lie below 0.05 in units of four or without scatter, 5.4 % with twelve officers of much scatter (where somebody is
    named in 8 % of units); the interval holds the true share in 91 to 100 % of cases. The price is power: three
    colleagues tell too little of what scatter is usual, so among four officers of 60 interactions a share of 0.50
    against 0.02 has p below 0.005 in 4 % of cases only; among ten, 0.30 against 0.02 in 85 %.

    Parameters
    ----------
    showing, n : array of int, shape (n_officers,)
        Interactions showing the label, and all (at least 1).

    Returns
    -------
    Comparison

    References
    ----------
    Beta-binomial: J. G. Skellam (1948), JRSS B 10. Averaging over the prior instead of plugging one in: J. J. Deely and
    D. V. Lindley (1981), Bayes empirical Bayes, JASA 76; R. E. Kass and D. Steffey (1989), JASA 84. The interval is
    that of the beta of the same mean and variance. Mid-p: H. O. Lancaster (1961), JASA 56.
    """
    k, n = np.asarray(showing, dtype=float), np.asarray(n, dtype=float)
    a, b, prior = _grid(k, n)
    likelihood = betaln(k[:, None] + a, (n - k)[:, None] + b) - betaln(a, b)
    weight = softmax(prior + likelihood.sum(axis=0))
    at_point = (k[:, None] + a) / (n[:, None] + a + b)
    mean = at_point @ weight
    variance = (at_point * (1 - at_point) / (n[:, None] + a + b + 1) + at_point**2) @ weight - mean**2
    size = mean * (1 - mean) / variance - 1
    low, high = (beta.ppf(q, mean * size, (1 - mean) * size) for q in (0.025, 0.975))
    without = softmax(prior + likelihood.sum(axis=0) - likelihood, axis=1)
    below = np.array([_mid_cdf(*case, a, b) for case in zip(k, n, without, strict=True)])
    p = np.minimum(1, 2 * np.minimum(below, 1 - below))
    return Comparison(mean, low, high, p if len(k) > 1 else np.full(1, np.nan), below > 0.5)


def compared(officers: pd.DataFrame) -> pd.DataFrame:
    """Officers with their shares shrunk towards their unit, and the outliers among them.

    Parameters
    ----------
    officers : DataFrame
        A row an officer: ``unit``, ``interactions``, ``enough`` and ``<measure>_n`` for every measure
        (:func:`etikanlp.report.statistics.rates`).

    Returns
    -------
    DataFrame
        ``officers`` and, for every measure, ``<measure>_shrunk``, ``_shrunk_low``, ``_shrunk_high`` (float64, 0 to 1);
        for every one of :data:`JUDGED`, ``<measure>_q`` (float64, NaN where not judged) and ``<measure>_outlier``
        (``above``, ``below`` or empty: different from the unit when at most 5 % of those named may be so by chance);
        ``needed`` (int: interactions still needed before the officer is judged, 0 when there are enough). ``needed``
        counts up to :data:`~etikanlp.report.statistics.ENOUGH`, one number for all labels, since a width wanted of each
        interval would make the answer hang on the very share that is not known yet. Not judged: officers with too
        few interactions, and those alone in their unit.

    References
    ----------
    Y. Benjamini and Y. Hochberg (1995), Controlling the false discovery rate, JRSS B 57, over all officers and measures
    at once; it holds under the positive dependence of the measures (Benjamini and Yekutieli 2001, Annals 29).
    """
    columns: dict[str, Array] = {}
    above = {}
    units = [np.asarray(rows) for rows in officers.groupby("unit", sort=False).indices.values()]
    n = officers["interactions"].to_numpy(dtype=float)
    for measure in MEASURES:
        k = officers[f"{measure}_n"].to_numpy(dtype=float)
        parts = [compare(k[rows], n[rows]) for rows in units]
        order = np.argsort(np.concatenate(units), kind="stable")
        mean, low, high, p, above[measure] = (np.concatenate(part)[order] for part in zip(*parts, strict=True))
        columns |= {f"{measure}_shrunk": mean, f"{measure}_shrunk_low": low, f"{measure}_shrunk_high": high}
        if measure in JUDGED:
            columns[f"{measure}_q"] = np.where(officers["enough"], p, np.nan)
    q = discoveries(np.stack([columns[f"{measure}_q"] for measure in JUDGED]))
    named = {}
    for measure, values in zip(JUDGED, q, strict=True):
        columns[f"{measure}_q"] = values
        side = np.where(above[measure], "above", "below")
        named[f"{measure}_outlier"] = np.where(values <= FALSE_DISCOVERIES, side, "")
    needed = (ENOUGH - officers["interactions"]).clip(lower=0).astype(int)
    return pd.concat([officers, pd.DataFrame({"needed": needed, **columns, **named}, index=officers.index)], axis=1)


def _grid(k: Array, n: Array) -> tuple[Array, Array, Array]:
    """Parameters a and b of the betas, and the logarithm of their prior weights; each of shape (n_points,).

    Centres are equally spaced on the arcsine scale, where Jeffreys' prior is flat and the standard error does not
    depend on the share; they span what the unit allows with any one officer left out.
    """
    size = np.median(n) / _SCATTERS
    known = n[:, None] * (size + 1) / (n[:, None] + size)  # interactions that count once clustering is allowed for
    half = _REACH / 2 / np.sqrt(known.sum(axis=0) - known.max(axis=0) + 1)
    centre = np.arcsin(np.sqrt(((k.sum() - k) + 0.5) / ((n.sum() - n) + 1)))
    everybody = np.arcsin(np.sqrt((k.sum() + 0.5) / (n.sum() + 1)))
    low = np.clip(min(centre.min(), everybody) - half, 0, np.pi / 2)
    high = np.clip(max(centre.max(), everybody) + half, 0, np.pi / 2)
    angle = low + (high - low) * (np.arange(_CENTRES)[:, None] + 0.5) / _CENTRES
    mean = np.sin(angle) ** 2
    prior = np.broadcast_to(np.log(high - low), mean.shape)
    return (mean * size).ravel(), ((1 - mean) * size).ravel(), prior.ravel()


def _mid_cdf(k: float, n: float, weight: Array, a: Array, b: Array) -> float:
    """P(K < k) + P(K = k) / 2 of a mixture of beta-binomials."""
    if 2 * k > n:  # count what is not shown: fewer terms to add
        return 1 - _mid_cdf(n - k, n, weight, b, a)
    i = np.arange(k)[:, None]
    steps = np.log((n - i) * (a + i)) - np.log((i + 1) * (n - i - 1 + b))
    first = betaln(a, n + b) - betaln(a, b)
    pmf = np.exp(np.vstack([first, first + np.cumsum(steps, axis=0)])) @ weight
    return float(pmf.sum() - pmf[-1] / 2)
