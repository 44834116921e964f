"""A trained model at work: pandas in and out."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from dataclasses import dataclass, field, fields
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd
from scipy.special import expit, logit

from etikanlp.codebook import LABELS, VIOLATIONS
from etikanlp.explanation import contributions, decisive
from etikanlp.text import Texts, as_arrow
from etikanlp.weights import Weights, in_band
from etikanlp.wordscores import TurnScores


@dataclass(frozen=True, eq=False)
class Model:
    """What :func:`etikanlp.load` returns.

    Examples
    --------
    >>> import etikanlp
    >>> model = etikanlp.load()
    >>> model.predict(["Selamat pagi, Bu. Terima kasih sudah menunggu."]).loc[0, "courtesy"]
    np.True_
    """

    weights: Weights
    info: dict[str, Any] = field(default_factory=dict)
    """Corpus fingerprint, versions, and the measured errors of every label (``info["metrics"]``)."""

    def __getstate__(self) -> dict[str, Any]:
        # what is worked out on first use is large, and soon worked out again where a worker gets the model
        return {name: value for name, value in self.__dict__.items() if name != "_scores"}

    def fingerprint(self) -> str:
        """SHA-256 of what decides the probabilities and flags: the same for models that judge alike."""
        text, context, *arrays = self.weights
        parts = [part.tobytes() for part in (text.values, context.values, *arrays)]
        # all else that a part knows: terms, stems, ranges of n-grams, offset of the length
        known = [
            {f.name: getattr(part, f.name) for f in fields(part) if f.name != "values"} for part in (text, context)
        ]
        return hashlib.sha256(b"".join([json.dumps(known, sort_keys=True).encode(), *parts])).hexdigest()

    @property
    def thresholds(self) -> pd.Series:
        """Probability from which each label is given, float64, indexed by label."""
        return pd.Series(self.weights.thresholds, index=list(LABELS), name="threshold")

    def predict_proba(self, texts: Texts, context: Texts | None = None) -> pd.DataFrame:
        """Calibrated probability of every label for every officer turn.

        Parameters
        ----------
        texts : column of str, shape (n_texts,)
            What the officer said or wrote; list, array, Series or Arrow array.
        context : column of str, shape (n_texts,), optional
            What the customer said just before.

        Returns
        -------
        DataFrame of float32, shape (n_texts, 8)
            Columns in the codebook's order; the index is that of ``texts`` if it is a Series.

        Raises
        ------
        TypeError
            If ``texts`` is one string, or holds something other than strings.
        ValueError
            If ``context`` has another length than ``texts``.
        """
        text = as_arrow(texts)
        said = as_arrow([""] * len(text) if context is None else context)
        if len(said) != len(text):
            raise ValueError(f"context has {len(said)} entries where texts has {len(text)}")
        probabilities = expit(self._scores.log_odds(text, said))
        index = texts.index if isinstance(texts, pd.Series) else None
        return pd.DataFrame(probabilities.astype(np.float32), columns=list(LABELS), index=index)

    @cached_property
    def _scores(self) -> TurnScores:
        return TurnScores(self.weights)

    def predict(self, texts: Texts, context: Texts | None = None) -> pd.DataFrame:
        """Labels given: DataFrame of bool, shape (n_texts, 8); parameters as :meth:`predict_proba`."""
        return self.flags(self.predict_proba(texts, context))

    def at_prevalence(self, prevalence: float) -> Model:
        """The model as it should judge where violations are as frequent as stated, not as in the corpus.

        Every violation's log-odds move by the difference between the stated and the corpus's prior log-odds;
        thresholds stay where they are on the scale of probability, so that fewer turns are flagged where violations are
        rare. Virtues are left alone.

        Parameters
        ----------
        prevalence : float
            Share of officer turns expected to carry each violation, above 0 and below 1.

        Raises
        ------
        ValueError
            If the prevalence is no such share, or the model does not know that of its corpus.

        Notes
        -----
        A model that was moved before is moved on from there: the last prevalence stated counts.

        References
        ----------
        M. Saerens, P. Latinne and C. Decaestecker (2002), Adjusting the outputs of a classifier to new a priori
        probabilities, Neural Computation 14.
        """
        if not 0 < prevalence < 1:
            raise ValueError(f"prevalence is a share above 0 and below 1, for example 0.003, not {prevalence}")
        priors = self.info.get("priors")
        if not priors:
            raise ValueError("this model does not know the prevalence in its corpus; train it again: etikanlp train")
        now = self.info.get("prevalence")
        shifts = [prior_shift(now or priors[label], prevalence) if label in VIOLATIONS else 0.0 for label in LABELS]
        shifted = self.weights._replace(baseline=self.weights.baseline + shifts)
        return Model(shifted, self.info | {"prevalence": prevalence})

    def flags(self, probabilities: pd.DataFrame) -> pd.DataFrame:
        """Labels given at these probabilities: bool, same shape and columns."""
        return probabilities >= self.weights.thresholds.astype(np.float32)

    def review(self, probabilities: pd.DataFrame) -> pd.DataFrame:
        """Whether each probability lies in its label's review band: neither clearly yes nor clearly no.

        Outside the band a flag is right as often as the band was chosen for (``info["metrics"]`` has what was
        measured). Bool, same shape and columns.
        """
        return in_band(probabilities, self.weights.bands.astype(np.float32))

    def explain(self, text: str, context: str = "", labels: Iterable[str] | None = None) -> pd.DataFrame:
        """The words behind each label: their exact share of the log-odds and their place in the text.

        Parameters
        ----------
        text : str
            One officer turn; a missing value (None, NaN) is empty.
        context : str
            What the customer said just before, likewise.
        labels : iterable of str, optional
            Labels to explain; default those given.

        Returns
        -------
        DataFrame
            ``label``, ``probability``, ``source`` (``text``, ``context`` or ``baseline``), ``word``, ``start``,
            ``end`` (character positions in the source), ``weight`` and ``decisive``. The weights of a label, baseline
            included, add up to the log-odds of its probability; the decisive words are the heaviest of a label
            given, as few as it would not be given without.

        Raises
        ------
        TypeError
            If ``text`` or ``context`` is something other than a string.
        ValueError
            If a label is unknown.
        """
        text, context = as_arrow([text, context]).to_pylist()
        asked = None if labels is None else list(labels)
        if isinstance(labels, str) or set(asked or ()) - set(LABELS):
            raise ValueError(f"labels is a list of {', '.join(LABELS)}; not {labels!r}")
        probability = self.predict_proba([text], [context]).iloc[0]
        if asked is None:
            asked = self.flags(probability.to_frame().T).iloc[0].loc[lambda given: given].index.tolist()
        table = contributions(self.weights, text, context).reset_index(drop=True)
        table["decisive"] = decisive(table, self.thresholds)
        table = table[table["label"].isin(asked)]
        table.insert(1, "probability", table["label"].map(probability))
        return table.reset_index(drop=True)


def prior_shift(prior: float, prevalence: float) -> float:
    """What to add to log-odds learned at one share of positives to have those at another (Saerens et al. 2002)."""
    return float(logit(prevalence) - logit(prior))
