"""Officer statistics: shares of interactions with intervals, and the flags behind them. No rendering here."""

from __future__ import annotations

from typing import Any, Final

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.stats import false_discovery_control, norm

from etikanlp.codebook import LABELS, VIOLATIONS, VIRTUES
from etikanlp.explanation import speaking_words
from etikanlp.model import Model
from etikanlp.privacy import shown_as

ENOUGH: Final = 10
"""Interactions from which an officer or unit is compared with others. Below it a 95 % Wilson interval spans more than
28 points even where nothing was shown, and more than 52 at one half, so a rate says next to nothing."""

ANY_VIOLATION: Final = "any_violation"
MEASURES: Final = (*LABELS, ANY_VIOLATION)

FLAG_COLUMNS: Final = (
    "officer_id", "unit", "at", "channel", "interaction_id", "turn", "label", "probability", "threshold", "review",
    "context", "text", "words", "highlights",
)  # fmt: skip


def wilson(
    showing: npt.ArrayLike, n: npt.ArrayLike, level: float = 0.95
) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    """Wilson score interval of a share.

    Parameters
    ----------
    showing, n : array of int
        Interactions showing the label, and all.
    level : float
        Coverage.

    Returns
    -------
    low, high : ndarray of float64, same shape; 0 and 1 where ``n`` is 0.

    References
    ----------
    E. B. Wilson (1927), Probable inference, the law of succession, and statistical inference, JASA 22; recommended for
    small n by L. D. Brown, T. T. Cai and A. DasGupta (2001), Interval estimation for a binomial proportion.
    """
    k, n = np.asarray(showing, dtype=float), np.asarray(n, dtype=float)
    z2 = norm.ppf(0.5 + level / 2) ** 2
    with np.errstate(invalid="ignore", divide="ignore"):
        p = k / n
        centre = (p + z2 / (2 * n)) / (1 + z2 / n)
        half = np.sqrt(z2 * (p * (1 - p) / n + z2 / (4 * n**2))) / (1 + z2 / n)
    low = np.where(k == 0, 0.0, np.clip(centre - half, 0, 1))
    high = np.where(k == n, 1.0, np.clip(centre + half, 0, 1))
    return np.where(n > 0, low, 0.0), np.where(n > 0, high, 1.0)


def discoveries(p: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Benjamini-Hochberg q-values of p-values: float64, same shape; NaN (not tested) stays NaN and does not count.

    References
    ----------
    Y. Benjamini and Y. Hochberg (1995), Controlling the false discovery rate, JRSS B 57.
    """
    q = np.full(np.shape(p), np.nan)
    tested = ~np.isnan(p)
    if tested.any():
        q[tested] = false_discovery_control(p[tested])
    return q


def shown(scores: pd.DataFrame, by: str) -> pd.DataFrame:
    """Whether each interaction shows each label: a row for each value of ``by`` and interaction.

    Where several officers share an interaction, each is charged with the own turns only.
    """
    keys = [scores[by].fillna("").astype(str), scores["interaction_id"].astype(str)]
    flags = scores[list(LABELS)].groupby(keys, sort=True).any()
    flags[ANY_VIOLATION] = flags[list(VIOLATIONS)].any(axis=1)
    return flags


def counts(scores: pd.DataFrame, by: str) -> pd.DataFrame:
    """What :func:`figures` needs of a score table: a row for each value of ``by`` (the index, sorted).

    Returns
    -------
    DataFrame of int64
        ``interactions``, ``turns``, and for each of :data:`MEASURES` the interactions showing it.
    """
    grouped = shown(scores, by).groupby(level=0)
    turns = scores.groupby(scores[by].fillna("").astype(str)).size()
    return pd.DataFrame({"interactions": grouped.size(), "turns": turns}).join(grouped.sum()).rename_axis(by)


def figures(counts: pd.DataFrame) -> pd.DataFrame:
    """Counts with the share of interactions showing each label and its 95 % Wilson interval.

    Parameters
    ----------
    counts : DataFrame
        As :func:`counts` gives it.

    Returns
    -------
    DataFrame
        The index as first column, ``interactions``, ``turns``, ``enough`` and for each of :data:`MEASURES` its share,
        ``_low``, ``_high`` and ``_n``.
    """
    n = counts["interactions"]
    table = counts[["interactions", "turns"]].assign(enough=n >= ENOUGH)
    for measure in MEASURES:
        low, high = wilson(counts[measure], n)
        columns = {"": counts[measure] / n, "_low": low, "_high": high, "_n": counts[measure].astype(int)}
        table = table.assign(**{f"{measure}{suffix}": values for suffix, values in columns.items()})
    return table.reset_index()


def rates(scores: pd.DataFrame, by: str) -> pd.DataFrame:
    """:func:`figures` of a score table, for each value of ``by``."""
    return figures(counts(scores, by))


def home_unit(scores: pd.DataFrame, officers: pd.Series) -> pd.Series:
    """Unit in which each officer has most turns; empty where the log has no units."""
    count = scores.groupby([scores["officer_id"].astype(str), scores["unit"].fillna("").astype(str)]).size()
    return officers.map(busiest(count))


def busiest(turns: pd.Series) -> pd.Series:
    """Unit with most turns, by officer, of a series of turns indexed by officer and unit; the first of equals."""
    best = turns.sort_index().sort_values(kind="stable", ascending=False).reset_index().drop_duplicates("officer_id")
    return best.set_index("officer_id")["unit"]


def count_interactions(scores: pd.DataFrame) -> int:
    """Number of distinct interactions."""
    return int(scores["interaction_id"].nunique())


def flags(scores: pd.DataFrame, model: Model, masked: bool = True) -> pd.DataFrame:
    """A row per flagged violation, most probable first within each officer.

    ``highlights`` lists the stretches of the text that speak for the label: start, end, share of the largest weight,
    and whether decisive (:meth:`~etikanlp.model.Model.explain`); ``words`` names the strongest of them, masked unless
    ``masked`` is False.
    """
    flagged = scores[scores[list(VIOLATIONS)].any(axis=1)].to_dict("records")
    return _explained([(turn, [label for label in VIOLATIONS if turn[label]]) for turn in flagged], model, masked)


def strengths(scores: pd.DataFrame, model: Model, each: int = 3, masked: bool = True) -> pd.DataFrame:
    """The clearest virtues of every officer, at most ``each``: turns to praise, as rows like those of :func:`flags`.

    Of every virtue the most probable turn outside the review band, and not itself flagged; of these the virtues that
    are rarest in the log, since a greeting is soon found.
    """
    blameless = scores[~scores[list(VIOLATIONS)].any(axis=1)]
    best = []
    for label in sorted(VIRTUES, key=lambda label: scores[label].mean()):
        clear = blameless[blameless[label] & ~blameless[f"review_{label}"]]
        first = clear.sort_values(f"p_{label}", ascending=False, kind="stable").drop_duplicates("officer_id")
        best.append(first.assign(label=label))
    chosen = pd.concat(best).drop_duplicates(["officer_id", "interaction_id", "turn"])
    chosen = chosen.groupby("officer_id", sort=True).head(each)
    return _explained([(turn, [turn["label"]]) for turn in chosen.to_dict("records")], model, masked)


def _explained(turns: list[tuple[dict[str, Any], list[str]]], model: Model, masked: bool) -> pd.DataFrame:
    """A row a turn and label, with the words behind it."""
    rows = []
    thresholds = model.thresholds
    asked = ((turn["text"], turn["context"], given) for turn, given in turns)
    for (turn, given), why in zip(turns, speaking_words(model.weights, asked), strict=True):
        shown = shown_as(turn["text"], masked)
        for label in given:
            words = why[label]
            top = words[0][2] if words else 1.0
            rows.append(
                {name: turn[name] for name in FLAG_COLUMNS if name in turn}
                | {
                    "label": label,
                    "probability": float(turn[f"p_{label}"]),
                    "threshold": float(thresholds[label]),
                    "review": bool(turn[f"review_{label}"]),
                    "words": ", ".join(dict.fromkeys(shown[start:end] for start, end, *_ in words[:6])),
                    "highlights": [(start, end, weight / top, decides) for start, end, weight, decides in words],
                }
            )
    table = pd.DataFrame(rows, columns=list(FLAG_COLUMNS))
    return table.sort_values(["officer_id", "probability"], ascending=[True, False], kind="stable").reset_index(
        drop=True
    )


def to_review_first(officers: pd.DataFrame) -> pd.DataFrame:
    """Officers with enough interactions and at least one violation, by the lower end of their interval.

    The lower end, not the share: it is what can be said with confidence, so few calls never top the list.
    """
    judged = officers[officers["enough"] & (officers[f"{ANY_VIOLATION}_n"] > 0)]
    return judged.sort_values([f"{ANY_VIOLATION}_low", "officer_id"], ascending=[False, True], kind="stable")
