"""Choose the settings of features and classifier on writers held out, one setting at a time."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import pandas as pd
from joblib import Parallel, delayed
from sklearn.base import clone
from sklearn.metrics import precision_recall_curve
from sklearn.model_selection import GroupKFold

from etikanlp.classifier import CalibratedMultiLabelClassifier
from etikanlp.codebook import LABELS
from etikanlp.features import TurnFeatures

GRID: Final[dict[str, dict[str, tuple[Any, ...]]]] = {
    "features": {
        "word_ngram_range": ((1, 2), (1, 1), (1, 3)),
        "char_ngram_range": ((2, 5), None, (2, 4), (3, 5), (2, 6)),
        "char_weight": (0.2, 0.1, 0.3, 0.4),
        "length_offset": (10, 5, 20),
        "context_weight": (0.6, 0.0, 0.4, 0.8),
        "min_df": (2, 1, 3),
    },
    "classifier": {
        "C": (0.02, 0.01, 0.03, 0.05),
        "count_ratio_power": (0.3, 0.0, 0.15, 0.45),
    },
}
"""Values tried of every setting; the first is where the search starts."""

GAIN: Final = 0.001
"""Macro-F1 by which a value must beat the one held, so that noise moves nothing."""


def select(
    turns: pd.DataFrame, n_jobs: int = 2, seed: int = 1, progress: Callable[[str], object] = lambda row: None
) -> tuple[dict[str, dict[str, Any]], pd.DataFrame]:
    """Coordinate search over :data:`GRID`: each setting in turn, keeping what pays.

    A value is judged by the mean over labels of the highest F1 its decision values reach on writers held out, which
    asks neither calibration nor thresholds. The folds are not those of :func:`etikanlp.evaluation.out_of_fold`.

    Parameters
    ----------
    turns : DataFrame
        As :func:`etikanlp.corpus.read` returns it.
    n_jobs : int
        Folds side by side.
    seed : int
        Of the folds.
    progress : callable
        Called with a line after every value tried.

    Returns
    -------
    settings : dict
        ``features`` and ``classifier``: the values chosen.
    tried : DataFrame
        ``setting``, ``value``, ``macro_f1`` (float64), ``kept`` (bool), in the order tried.
    """
    truth = turns[list(LABELS)].to_numpy(dtype=int)
    folds = list(GroupKFold(5, shuffle=True, random_state=seed).split(truth, groups=turns["writer"]))
    chosen: dict[str, dict[str, Any]] = {part: {k: v[0] for k, v in grid.items()} for part, grid in GRID.items()}

    def judged(settings: dict[str, dict[str, Any]]) -> float:
        features = TurnFeatures(**settings["features"])
        classifier = CalibratedMultiLabelClassifier(**settings["classifier"])
        parts = Parallel(n_jobs=n_jobs)(
            delayed(_decisions)(features, classifier, turns.iloc[train], truth[train], turns.iloc[test])
            for train, test in folds
        )
        decisions = np.empty(truth.shape)
        for (_, test), part in zip(folds, parts, strict=True):
            decisions[test] = part
        return float(np.mean([_highest_f1(truth[:, k], decisions[:, k]) for k in range(truth.shape[1])]))

    best = judged(chosen)
    rows = [{"setting": "start", "value": "", "macro_f1": best, "kept": True}]
    for part, grid in GRID.items():
        for setting, values in grid.items():
            for value in values[1:]:
                other = {name: dict(of_part) for name, of_part in chosen.items()}
                other[part][setting] = value
                f1 = judged(other)
                kept = f1 > best + GAIN
                if kept:
                    best, chosen = f1, other
                rows.append({"setting": setting, "value": str(value), "macro_f1": f1, "kept": kept})
                progress(f"{setting} = {value}: {f1:.4f}{' kept' if kept else ''}")
    return chosen, pd.DataFrame(rows)


def _decisions(
    features: TurnFeatures,
    classifier: CalibratedMultiLabelClassifier,
    train: pd.DataFrame,
    truth: npt.NDArray[np.int64],
    test: pd.DataFrame,
) -> npt.NDArray[np.float64]:
    features = clone(features)
    X, Z = features.fit_transform(train), features.transform(test)
    fitted = [classifier.fit_linear(X, truth[:, k]) for k in range(truth.shape[1])]
    return np.column_stack([Z @ coef + intercept for coef, intercept in fitted])


def _highest_f1(target: npt.NDArray[np.int64], decisions: npt.NDArray[np.float64]) -> float:
    precision, recall, _ = precision_recall_curve(target, decisions)
    return float((2 * precision * recall / np.maximum(precision + recall, 1e-12)).max())
