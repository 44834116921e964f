"""Length and pace of an officer's turns, as far as the log has times."""

from __future__ import annotations

from typing import Final

import numpy as np
import pandas as pd
import pyarrow.compute as pc

from etikanlp.text import as_arrow

QUANTITIES: Final = ("words", "turns_each", "pace_s", "duration_s")
"""Words a turn, own turns an interaction, seconds from one own turn to the next and from the first to the last."""

_QUARTILES: Final = {"_q1": 0.25, "": 0.5, "_q3": 0.75}


def timing(scores: pd.DataFrame, by: str = "officer_id") -> pd.DataFrame:
    """Median and quartiles of length and pace for each value of a column.

    A score table has the times of officer turns only, so ``pace_s`` is the time from one turn of an officer to the next
    of the same officer in the interaction: it holds what the customer said in between, and is an upper bound of the
    time the customer waited. An interaction whose turns all bear one time was given one by the log as a whole and has
    neither pace nor duration.

    Parameters
    ----------
    scores : DataFrame
        The score table.
    by : str
        ``officer_id`` or ``unit``.

    Returns
    -------
    DataFrame
        ``by``, then for each of :data:`QUANTITIES` the median under its name and the quartiles with ``_q1`` and ``_q3``
        (float64; seconds where the name ends in ``_s``; NaN where not available), and ``timed`` (int: interactions
        with times of their turns).
    """
    told = pd.DataFrame(
        {
            by: scores[by].fillna("").astype(str),
            "interaction_id": scores["interaction_id"].astype(str),
            "turn": scores["turn"].astype(int),
            "at": scores["at"].astype("datetime64[s]"),
            "words": words(scores["text"]),
        }
    ).sort_values([by, "interaction_id", "turn"], kind="stable")
    own = [by, "interaction_id"]
    seconds = (told["at"] - told.groupby(own)["at"].shift()).dt.total_seconds()
    several = told.groupby(own)["at"].transform("nunique") > 1
    told["pace_s"] = seconds.where(several & (seconds >= 0))  # a clock set back says nothing
    each = told.groupby(own).agg(turns_each=("turn", "size"), first=("at", "min"), last=("at", "max"))
    each["duration_s"] = (each["last"] - each["first"]).dt.total_seconds().replace(0, np.nan)
    columns: dict[str, pd.Series] = {}
    for quantity in QUANTITIES:
        values = (told if quantity in told else each.reset_index()).groupby(by)[quantity]
        columns |= {quantity + suffix: values.quantile(q) for suffix, q in _QUARTILES.items()}
    columns["timed"] = each["duration_s"].notna().groupby(level=0).sum().astype(int)
    return pd.DataFrame(columns).rename_axis(by).reset_index()


def words(texts: pd.Series) -> np.ndarray:
    """Number of words of each text, split at white space; int64, shape (n_texts,)."""
    trimmed = pc.utf8_trim_whitespace(as_arrow(texts))
    empty = pc.equal(trimmed, "").to_numpy(zero_copy_only=False)
    return np.where(empty, 0, pc.list_value_length(pc.utf8_split_whitespace(trimmed)).to_numpy()).astype(np.int64)
