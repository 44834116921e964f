"""Missed chances: distress without empathy, refusals without a reason, closings without a next step."""

from __future__ import annotations

from functools import lru_cache
from importlib import resources
from typing import Final

import numpy as np
import numpy.typing as npt
import pandas as pd

from etikanlp.report.statistics import wilson
from etikanlp.report.trend import LEVELS, ordered
from etikanlp.text import CAPITALS, Texts, forms, tokenize

KINDS: Final = ("distress", "refusal", "closing")

_DENIED: Final = {
    "distress": ("tidak", "bukan", "jangan", "belum", "tanpa", "ora", "mboten", "teu", "ulah"),
    "refusal": ("kalau", "jika", "bila", "apabila", "yang", "bukan", "kenapa", "mengapa", "kok", "supaya", "agar",
                "saja"),
    "request": (),
}  # fmt: skip
"""Words after which a phrase of ``phrases.tsv`` does not count: "tidak takut", "kalau tidak bisa"."""

_UNDONE: Final = {
    "distress": (),
    "refusal": ("terima", "menerima", "nerima", "apa-apa", "berbuat", "bilang", "bohong", "dipercaya", "diajar",
                "ditawar", "dibiarkan", "dimaafkan"),
    "request": (),
}  # fmt: skip
"""Words before which it does not: "tidak boleh menerima" declines a gift, "tidak bisa apa-apa" refuses nobody."""


def mentions(texts: Texts, kind: str) -> npt.NDArray[np.bool_]:
    """Whether each text holds a phrase of a kind, word for word once spelling is normalised.

    Parameters
    ----------
    texts : column of str, shape (n_texts,)
    kind : str
        ``distress``, ``refusal`` or ``request``: the table ``phrases.tsv`` beside this module.

    Returns
    -------
    ndarray of bool, shape (n_texts,)
    """
    tokens = tokenize(texts)
    index = {form: number for number, form in enumerate(tokens.forms)}
    row = np.repeat(np.arange(len(tokens.offsets) - 1), np.diff(tokens.offsets))
    heard = tokens.ids != index.get(CAPITALS, -1)  # shouting stands between the words, and is none
    row, ids = row[heard], tokens.ids[heard]
    denies = np.isin(ids, [index.get(word, -1) for word in _DENIED[kind]])
    denied = np.r_[False, denies[:-1] & (row[1:] == row[:-1])] if len(ids) else denies
    undoes = np.r_[np.isin(ids, [index.get(word, -1) for word in _UNDONE[kind]]), False]
    last_of_row = np.r_[row[1:] != row[:-1], True]
    phrases = [[index.get(form, -1) for form in phrase] for phrase in _phrases(kind)]
    phrases = [phrase for phrase in phrases if -1 not in phrase]
    starts = np.flatnonzero(np.isin(ids, [phrase[0] for phrase in phrases]) & ~denied)
    found = np.zeros(len(tokens.offsets) - 1, dtype=bool)
    for phrase in phrases:
        at = starts[(ids[starts] == phrase[0]) & (starts + len(phrase) <= len(ids))]
        for step, form in enumerate(phrase[1:], 1):
            at = at[(ids[at + step] == form) & (row[at + step] == row[at])]
        end = at + len(phrase)
        found[row[at[last_of_row[end - 1] | ~undoes[end]]]] = True
    return found


@lru_cache(maxsize=3)
def _phrases(kind: str) -> list[tuple[str, ...]]:
    lines = resources.files(__package__).joinpath("phrases.tsv").read_text(encoding="utf-8").splitlines()
    table = [line.split("\t") for line in lines if not line.startswith("#")]
    return [tuple(forms(phrase)) for of, phrase, *_ in table if of == kind]


def cases(scores: pd.DataFrame) -> pd.DataFrame:
    """Officer turns that were a chance, and whether it was missed.

    distress
        What the customer said just before tells of distress; missed when no officer turn of the interaction is
        empathic.
    refusal
        The turn says no; missed when neither it nor the next officer turn of the interaction is transparent.
    closing
        The last officer turn of an interaction in which the customer asked for something; missed when no turn of the
        interaction is transparent or accountable. (The last two turns alone would not do: most answers stand earlier
        and the last words are thanks.)

    These are lists to read, not verdicts. Measured on the annotated corpus with its own labels: 26 % of interactions
    hold a phrase of distress; the officer is empathic in 68 % of those and in 30 % of the others. The table hears a
    part only: of interactions with empathy 45 % hold one, of empathic turns 28 % follow one directly, so the number of
    missed chances is a lower bound. Of 100 hits read, 80 told of distress. Of 50 missed refusals read about 20 were a
    no without its ground; the others decline gifts or another person's data, where the ground goes without saying, or
    refuse nobody. Of 30 missed closings read about 14 left a request open. Where labels are the classifier's, its
    errors come on top.

    Returns
    -------
    DataFrame
        ``kind`` (of :data:`KINDS`), ``officer_id``, ``unit``, ``interaction_id``, ``turn``, ``missed`` (bool).
    """
    order = scores.sort_values(["interaction_id", "turn"], kind="stable").reset_index(drop=True)
    interaction = order["interaction_id"].astype(str)
    grouped = order[["empathy", "transparency", "accountability"]].astype(bool).groupby(interaction)
    given = order["transparency"].astype(bool)
    next_gives = grouped["transparency"].shift(-1, fill_value=False).astype(bool)
    any_given = grouped.transform("any")
    asked = pd.Series(mentions(order["context"], "request")).groupby(interaction).transform("any")
    chance = {
        "distress": pd.Series(mentions(order["context"], "distress")),
        "refusal": pd.Series(mentions(order["text"], "refusal")),
        "closing": asked & ~interaction.duplicated(keep="last"),
    }
    missed = {
        "distress": ~any_given["empathy"],
        "refusal": ~given & ~next_gives,
        "closing": ~any_given["transparency"] & ~any_given["accountability"],
    }
    told = pd.DataFrame(
        {
            "officer_id": order["officer_id"].astype(str),
            "unit": order["unit"].fillna("").astype(str),
            "interaction_id": interaction,
            "turn": order["turn"].astype(int),
        }
    )
    parts = [told[chance[kind]].assign(missed=missed[kind][chance[kind]]) for kind in KINDS]
    return pd.concat(parts, keys=list(KINDS), names=["kind"]).reset_index(level=0).reset_index(drop=True)


def chances(scores: pd.DataFrame) -> pd.DataFrame:
    """Interactions with a chance and those that missed it, for the whole log, each unit and each officer.

    Returns
    -------
    DataFrame
        ``level`` (all, unit, officer), ``group``, ``kind``, ``n`` (interactions with the chance), ``k`` (missed),
        ``share``, ``low``, ``high`` (95 % Wilson interval) and ``interactions`` (list of str: those that missed it, to
        be read). Groups without a chance have no row.
    """
    found = cases(scores)
    column = {"all": pd.Series("", index=found.index), "unit": found["unit"], "officer": found["officer_id"]}
    parts = []
    for level in LEVELS:
        keys = [found["kind"], column[level].rename("group"), found["interaction_id"]]
        missed = found.groupby(keys)["missed"].any()
        grouped = missed.groupby(level=["kind", "group"])
        ids = missed[missed].reset_index().groupby(["kind", "group"])["interaction_id"].agg(list)
        table = pd.DataFrame({"n": grouped.size(), "k": grouped.sum().astype(int), "interactions": ids})
        parts.append(table.reset_index().assign(level=level))
    table = pd.concat(parts, ignore_index=True)
    table["interactions"] = [ids if isinstance(ids, list) else [] for ids in table["interactions"]]
    table["share"] = table["k"] / table["n"]
    table["low"], table["high"] = wilson(table["k"], table["n"])
    table = ordered(table, ["level", "group", "kind"], KINDS)
    return table[["level", "group", "kind", "n", "k", "share", "low", "high", "interactions"]]
