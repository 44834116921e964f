"""Which words carried a label: exact shares of the log-odds, and their place in the text."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.special import logit

from etikanlp.codebook import LABELS
from etikanlp.text import char_ngrams, pieces, stem, whole
from etikanlp.weights import TermWeights, Weights, length_scale

COLUMNS = ("label", "source", "word", "start", "end", "weight")


def contributions(weights: Weights, text: str, context: str = "") -> pd.DataFrame:
    """Share of every word in every label's calibrated log-odds.

    A stem or a character n-gram counts for the word it stands in, a stem n-gram in equal parts for the words
    it spans. What remains (the intercept, calibrated) is the ``baseline``.

    Returns
    -------
    DataFrame
        ``label``, ``source`` (``text``, ``context``, ``baseline``), ``word``, ``start``, ``end``, ``weight``
        (float64); the weights of one label add up to the log-odds of its probability.
    """
    rows = [(label, "baseline", "", 0, 0, weight) for label, weight in zip(LABELS, weights.baseline, strict=True)]
    for source, string, of in (("text", text, weights.text), ("context", context, weights.context)):
        for (start, end), shares in _word_shares(string, of).items():
            rows += [
                (label, source, string[start:end], start, end, w) for label, w in zip(LABELS, shares, strict=True) if w
            ]
    table = pd.DataFrame(rows, columns=list(COLUMNS))
    order = table["label"].map({label: i for i, label in enumerate(LABELS)})
    return table.assign(order=order).sort_values(["order", "source", "start"], kind="stable").drop(columns="order")


def decisive(table: pd.DataFrame, thresholds: pd.Series) -> pd.Series:
    """The words without which each label would not be given.

    Parameters
    ----------
    table : DataFrame
        As :func:`contributions` gives it.
    thresholds : Series of float
        Probability from which each label is given.

    Returns
    -------
    Series of bool
        Indexed like ``table``. For each label given: its heaviest words, as few as take its log-odds below that of the
        threshold when their weights are taken away. For a label not given: none.
    """
    chosen = pd.Series(False, index=table.index)
    for label, of_label in table.groupby("label"):
        words = of_label[of_label["source"] != "baseline"].sort_values("weight", ascending=False, kind="stable")
        spare = of_label["weight"].sum() - logit(thresholds[label])
        chosen[words.index] = _decide(words["weight"].to_numpy(), spare)
    return chosen


def _decide(weights: npt.NDArray[np.float64], spare: float) -> npt.NDArray[np.bool_]:
    """Which words, heaviest first, bring a label below its threshold, from which its log-odds are ``spare`` away."""
    return np.asarray((weights > 0) & (np.cumsum(weights) - weights <= spare) & (spare >= 0))


def speaking_words(
    weights: Weights, turns: Iterable[tuple[str, str, Sequence[str]]]
) -> Iterator[dict[str, list[tuple[int, int, float, bool]]]]:
    """The words that speak for the labels of many turns: what :func:`contributions` and :func:`decisive` say of them.

    Tables are left out, so that a report of thousands of flags takes seconds.

    Parameters
    ----------
    weights : Weights
        Of the model.
    turns : iterable of (str, str, sequence of str)
        Text, context, and the labels to explain.

    Yields
    ------
    dict
        For each label the stretches of the text that speak for it, heaviest first: start, end, weight (log-odds, above
        0), whether decisive.
    """
    needed = logit(weights.thresholds)
    for text, context, labels in turns:
        shares = _word_shares(whole(text), weights.text)
        heard = _word_shares(whole(context or ""), weights.context)
        stretches = [*shares, *heard]
        of_stretch = np.array([*shares.values(), *heard.values()]).reshape(len(stretches), len(LABELS))
        found = {}
        for label in labels:
            at = LABELS.index(label)
            order = np.argsort(-of_stretch[:, at], kind="stable")
            heaviest = of_stretch[order, at]
            chosen = _decide(heaviest, weights.baseline[at] + heaviest.sum() - needed[at])
            found[label] = [
                (*stretches[word], float(weight), bool(decides))
                for word, weight, decides in zip(order, heaviest, chosen, strict=True)
                if weight > 0 and word < len(shares)
            ]
        yield found


def without(text: str, words: pd.DataFrame) -> str:
    """The text with the given stretches (``start``, ``end``) taken out."""
    parts, done = [], 0
    for start, end in sorted(zip(words["start"], words["end"], strict=True)):
        parts.append(text[done:start])
        done = max(done, end)
    return " ".join([*parts, text[done:]])


def _word_shares(text: str, weights: TermWeights) -> dict[tuple[int, int], npt.NDArray[np.float64]]:
    """Share of each stretch of the text in each label's log-odds, shape (n_labels,) each."""
    found = list(pieces(text))
    scale = length_scale(len(found), weights.length_offset)
    stems = stem([piece.form for piece in found], weights.stems)
    shares = {(piece.start, piece.end): np.zeros(weights.values.shape[1]) for piece in found}
    low, high = weights.word_ngram_range
    spans = [(i, n) for n in range(low, high + 1) for i in range(len(stems) - n + 1)]
    for i, n in spans:
        row = weights.row_of_stems.get(" ".join(stems[i : i + n]))
        for piece in found[i : i + n] if row is not None else ():
            shares[piece.start, piece.end] += weights.values[row] * scale / n
    for piece in found:
        for gram in char_ngrams(piece.form, weights.char_ngram_range):
            row = weights.row_of_chars.get(gram)
            if row is not None:
                shares[piece.start, piece.end] += weights.values[row] * scale
    return shares
