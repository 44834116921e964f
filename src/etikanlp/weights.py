"""What a trained model knows: its terms, and what each adds to every label's calibrated log-odds.

Scoring and explaining need nothing else of the estimators, so they do without scikit-learn, whose import alone takes
half a second.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from functools import cached_property
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import numpy.typing as npt

if TYPE_CHECKING:
    from etikanlp.classifier import CalibratedMultiLabelClassifier
    from etikanlp.features import StemTfidfVectorizer, TurnFeatures

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class TermWeights:
    """The terms of a turn, or of its context; parameters as in :class:`~etikanlp.features.StemTfidfVectorizer`."""

    terms: list[str]
    """``c:`` and a character n-gram, or ``w:`` and a stem n-gram; sorted."""
    values: Floats
    """Shape (n_terms, n_labels): what a term adds to the log-odds in a text of length scale 1."""
    stems: Mapping[str, str]
    """Stems known beforehand, by form."""
    word_ngram_range: tuple[int, int]
    char_ngram_range: tuple[int, int] | None
    length_offset: float

    @cached_property
    def row_of_chars(self) -> dict[str, int]:
        """Row in ``values`` of every character n-gram."""
        return self._rows("c:")

    @cached_property
    def row_of_stems(self) -> dict[str, int]:
        """Row in ``values`` of every stem n-gram, in the order of the rows."""
        return self._rows("w:")

    def _rows(self, kind: str) -> dict[str, int]:
        return {term[2:]: row for row, term in enumerate(self.terms) if term.startswith(kind)}

    def __getstate__(self) -> dict[str, Any]:
        return {field.name: getattr(self, field.name) for field in fields(self)}


class Weights(NamedTuple):
    """A trained model without its estimators."""

    text: TermWeights
    context: TermWeights
    baseline: Floats
    """Shape (n_labels,): the log-odds of a turn without known terms."""
    thresholds: Floats
    """Shape (n_labels,): probability from which a label is given."""
    bands: Floats
    """Shape (n_labels, 2): review band of a label, lower end included, upper excluded."""


def weights_of(features: TurnFeatures, classifier: CalibratedMultiLabelClassifier) -> Weights:
    """The weights of fitted estimators, idf, character weight, context weight and calibration taken in.

    Their sum over the terms of a turn is ``classifier.decision_function(features.transform(turn))``.
    """
    slope, offset = classifier.calibration_.T
    coef = (classifier.coef_ * slope[:, None]).T
    n_text = len(features.text_.terms_)
    return Weights(
        _term_weights(features.text_, coef[:n_text]),
        _term_weights(features.context_, coef[n_text:] * features.context_weight),
        classifier.intercept_ * slope + offset,
        classifier.thresholds_,
        classifier.bands_,
    )


def in_band(p: Any, bands: npt.NDArray[Any]) -> Any:
    """Whether each probability, shape (n, n_labels), lies in its label's review band, lower end included."""
    return (p >= bands[:, 0]) & (p < bands[:, 1])


def length_scale(n_tokens: npt.ArrayLike, offset: float) -> Floats:
    """Factor on the terms of a text of so many tokens: one over the square root of their number plus ``offset``."""
    return 1 / np.sqrt(np.maximum(np.asarray(n_tokens, dtype=float) + offset, 1))


def _term_weights(vectorizer: StemTfidfVectorizer, coef: Floats) -> TermWeights:
    return TermWeights(
        vectorizer.terms_.tolist(),
        coef * vectorizer.weights_[:, None],
        vectorizer.stems_,
        vectorizer.word_ngram_range,
        vectorizer.char_ngram_range,
        vectorizer.length_offset,
    )
