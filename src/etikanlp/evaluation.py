"""How right the flags are: metrics with intervals, calibration, and predictions on folds not trained on."""

from __future__ import annotations

from typing import Any, Final, NamedTuple

import numpy as np
import numpy.typing as npt
import pandas as pd
from joblib import Parallel, delayed
from scipy.special import expit, logit
from sklearn.base import clone
from sklearn.metrics import average_precision_score
from sklearn.model_selection import GroupKFold

from etikanlp.classifier import CalibratedMultiLabelClassifier
from etikanlp.codebook import LABELS, VIOLATIONS
from etikanlp.errors import CorpusError
from etikanlp.features import TurnFeatures
from etikanlp.model import Model, prior_shift

BOOTSTRAP: Final = 1000
"""Resamples of interactions behind every interval."""


class Judged(NamedTuple):
    """What models say of turns they were not trained on; DataFrames of shape (n_turns, 8)."""

    probabilities: pd.DataFrame
    """float64."""
    flags: pd.DataFrame
    """bool: labels given."""
    review: pd.DataFrame
    """bool: probability inside the label's review band."""


def out_of_fold(
    turns: pd.DataFrame,
    features: TurnFeatures,
    classifier: CalibratedMultiLabelClassifier,
    n_splits: int = 5,
    seed: int = 0,
    n_jobs: int | None = None,
) -> Judged:
    """Probabilities and flags for every turn from models that saw no turn of its writer.

    Everything is learned inside each fold: terms, weights, calibration and thresholds. A scenario belongs to one
    writer, so none stands on both sides.

    Parameters
    ----------
    turns : DataFrame
        As :func:`etikanlp.corpus.read` returns it.
    features, classifier
        Unfitted; cloned for every fold.
    n_splits : int
        Folds over writers.
    seed : int
        Of the assignment of writers to folds.
    n_jobs : int, optional
        Folds run side by side (joblib).

    Returns
    -------
    Judged

    Raises
    ------
    CorpusError
        If there are fewer writers than folds.
    """
    truth = turns[list(LABELS)].to_numpy(dtype=int)
    writers = turns["writer"].to_numpy(dtype=object)
    if (n_writers := len(set(writers))) < n_splits:
        raise CorpusError(f"writers of the turns: {n_writers}, where measuring needs at least {n_splits}; add writers")
    folds = GroupKFold(n_splits, shuffle=True, random_state=seed)

    def judge(train: npt.NDArray[np.int64], test: npt.NDArray[np.int64]) -> tuple[npt.NDArray[Any], ...]:
        fold_features, fold_classifier = clone(features), clone(classifier)
        X = fold_features.fit_transform(turns.iloc[train])
        fold_classifier.fit(X, truth[train], groups=writers[train])
        p = fold_classifier.predict_proba(fold_features.transform(turns.iloc[test]))
        return p, p >= fold_classifier.thresholds_, fold_classifier.in_review(p)

    splits = list(folds.split(truth, groups=writers))
    judged = Parallel(n_jobs=n_jobs)(delayed(judge)(train, test) for train, test in splits)
    rows = np.argsort(np.concatenate([test for _, test in splits]))
    p, flags, review = (np.concatenate(part)[rows] for part in zip(*judged, strict=True))
    return Judged(*(pd.DataFrame(values, columns=list(LABELS)) for values in (p, flags, review)))


def label_metrics(
    truth: pd.DataFrame,
    probabilities: pd.DataFrame,
    flags: pd.DataFrame,
    interactions: pd.Series,
    seed: int = 0,
) -> pd.DataFrame:
    """Per-label metrics on turns, with 95 % intervals.

    Parameters
    ----------
    truth, flags : DataFrame of bool, shape (n_turns, 8)
    probabilities : DataFrame of float, shape (n_turns, 8)
    interactions : Series, shape (n_turns,)
        Resampled whole: turns of one interaction are not independent.
    seed : int
        Of the bootstrap.

    Returns
    -------
    DataFrame
        Indexed by label, with ``macro`` last: ``support`` (positive turns), ``precision``, ``recall``, ``f1``,
        ``f1_low``, ``f1_high``, ``average_precision``, ``ece``, ``specificity``, and the counts ``tp``, ``fp``, ``fn``,
        ``tn`` (int; of ``macro``: their sums).

    References
    ----------
    Percentile bootstrap over clusters: B. Efron and R. Tibshirani (1993), An Introduction to the Bootstrap,
    ch. 13. Expected calibration error, ten bins of equal width: C. Guo et al. (2017), On Calibration of Modern
    Neural Networks.
    """
    y, p, g = (frame[list(LABELS)].to_numpy() for frame in (truth, probabilities, flags))
    y, g = y.astype(bool), g.astype(bool)
    codes, _ = pd.factorize(interactions)
    n = codes.max() + 1
    cells = np.stack([_sum_by(codes, cell, n) for cell in (y & g, ~y & g, y & ~g, ~y & ~g)])
    rng = np.random.default_rng(seed)
    drawn = np.array([np.bincount(rng.integers(0, n, n), minlength=n) for _ in range(BOOTSTRAP)])
    tp, fp, fn, _ = (drawn @ cell for cell in cells)
    f1_drawn = _ratio(2 * tp, 2 * tp + fp + fn)
    tp, fp, fn, tn = cells.sum(axis=1)
    table = pd.DataFrame(
        {
            "support": y.sum(axis=0),
            "precision": _ratio(tp, tp + fp),
            "recall": _ratio(tp, tp + fn),
            "f1": _ratio(2 * tp, 2 * tp + fp + fn),
            "f1_low": np.quantile(f1_drawn, 0.025, axis=0),
            "f1_high": np.quantile(f1_drawn, 0.975, axis=0),
            "average_precision": [
                average_precision_score(y[:, k], p[:, k]) if y[:, k].any() else np.nan for k in range(len(LABELS))
            ],
            "ece": [expected_calibration_error(y[:, k], p[:, k]) for k in range(len(LABELS))],
            "specificity": _ratio(tn, tn + fp),
            "tp": tp,
            "fp": fp,
            "fn": fn,
            "tn": tn,
        },
        index=pd.Index(LABELS, name="label"),
    )
    macro = table.mean()
    macro["support"] = y.any(axis=1).sum()
    macro["f1_low"], macro["f1_high"] = np.quantile(f1_drawn.mean(axis=1), [0.025, 0.975])
    counts = ["tp", "fp", "fn", "tn"]
    macro[counts] = table[counts].sum()
    table.loc["macro"] = macro
    return table.astype(dict.fromkeys(["support", *counts], int))


def interaction_metrics(
    truth: pd.DataFrame, probabilities: pd.DataFrame, flags: pd.DataFrame, interactions: pd.Series
) -> pd.DataFrame:
    """As :func:`label_metrics`, but a row an interaction: it shows a label when one of its turns does."""
    tables = [by_interaction(frame, interactions) for frame in (truth, probabilities, flags)]
    return label_metrics(tables[0], tables[1], tables[2], pd.Series(tables[0].index))


def any_violation_counts(truth: pd.DataFrame, flags: pd.DataFrame, interactions: pd.Series) -> dict[str, int]:
    """Interactions by whether any violation is there and any is flagged: ``tp``, ``fp``, ``fn``, ``tn``."""
    there, flagged = (
        frame[list(VIOLATIONS)].astype(bool).any(axis=1).groupby(interactions.to_numpy()).any()
        for frame in (truth, flags)
    )
    cells = {"tp": there & flagged, "fp": ~there & flagged, "fn": there & ~flagged, "tn": ~there & ~flagged}
    return {name: int(cell.sum()) for name, cell in cells.items()}


def false_alarms(turns: pd.DataFrame, flags: pd.DataFrame) -> dict[str, Any]:
    """Flags where there is nothing to flag.

    Parameters
    ----------
    turns : DataFrame
        As :func:`etikanlp.corpus.read` returns it.
    flags : DataFrame of bool, shape (n_turns, 8)

    Returns
    -------
    dict
        ``per_1000_ordinary``: flags per violation label in 1,000 turns without any violation;
        ``neutral_mention``: share of neutral mentions of a group (``hard`` kind ``group``) flagged discriminatory.
    """
    ordinary = ~turns[list(VIOLATIONS)].to_numpy(dtype=bool).any(axis=1)
    neutral = turns["hard"].str.split(",").map(lambda kinds: "group" in kinds).to_numpy() & ordinary
    rates = 1000 * flags.loc[ordinary, list(VIOLATIONS)].mean()
    return {
        "per_1000_ordinary": rates.round(2).to_dict(),
        "neutral_mention": round(float(flags.loc[neutral, "discriminatory"].mean()), 4) if neutral.any() else 0.0,
    }


def review_metrics(truth: pd.DataFrame, judged: Judged) -> pd.DataFrame:
    """What the review band of each label does, on turns not trained on.

    Returns
    -------
    DataFrame
        Indexed by label: ``review`` (share of turns in the band), ``sure_precision`` (of the flags above the band, the
        share that is right), ``sure_flags`` (their number), ``found`` (share of positive turns flagged or in the
        band, which a reader of both would see).
    """
    y, flags, review = (frame[list(LABELS)].to_numpy(dtype=bool) for frame in (truth, judged.flags, judged.review))
    sure = flags & ~review
    return pd.DataFrame(
        {
            "review": review.mean(axis=0),
            "sure_precision": _ratio((sure & y).sum(axis=0), sure.sum(axis=0)),
            "sure_flags": sure.sum(axis=0),
            "found": _ratio(((flags | review) & y).sum(axis=0), y.sum(axis=0)),
        },
        index=pd.Index(LABELS, name="label"),
    )


def at_prevalence(truth: pd.DataFrame, probabilities: pd.DataFrame, model: Model, prevalence: float) -> pd.DataFrame:
    """Violations flagged by a model told how rare they are, on turns not trained on.

    Parameters
    ----------
    truth, probabilities : DataFrame, shape (n_turns, 8)
        Probabilities from :func:`out_of_fold`, at the corpus's own prevalence.
    model : Model
        Whose thresholds and priors are used; see :meth:`~etikanlp.model.Model.at_prevalence`.
    prevalence : float
        Share of turns expected to carry each violation.

    Returns
    -------
    DataFrame
        Indexed by violation: ``alarms`` (flags per 1,000 turns without any violation) and ``recall``.
    """
    labels = list(VIOLATIONS)
    shifts = pd.Series({label: prior_shift(model.info["priors"][label], prevalence) for label in labels})
    flags = expit(logit(probabilities[labels]) + shifts) >= model.thresholds[labels]
    y = truth[labels].astype(bool)
    ordinary = ~y.any(axis=1)
    return pd.DataFrame({"alarms": 1000 * flags[ordinary].mean(), "recall": (flags & y).sum() / y.sum()})


def reliability(truth: npt.NDArray[np.bool_], p: npt.NDArray[np.float64], bins: int = 10) -> pd.DataFrame:
    """Stated against observed: a row a bin of equal width that holds any, ``stated``, ``observed`` (means), ``n``."""
    which = np.minimum((np.asarray(p) * bins).astype(int), bins - 1)
    frame = pd.DataFrame({"stated": p, "observed": np.asarray(truth, dtype=float), "n": 1})
    return frame.groupby(which).agg({"stated": "mean", "observed": "mean", "n": "sum"}).rename_axis("bin")


def by_interaction(frame: pd.DataFrame, interactions: pd.Series) -> pd.DataFrame:
    """A row an interaction: the highest value of each label over its turns (a label shown once is shown)."""
    return frame[list(LABELS)].groupby(interactions.to_numpy(), sort=True).max()


def expected_calibration_error(truth: npt.NDArray[np.bool_], p: npt.NDArray[np.float64], bins: int = 10) -> float:
    """Mean distance of predicted and observed share over ``bins`` bins of equal width, weighted by their size."""
    table = reliability(truth, p, bins)
    return float(((table["stated"] - table["observed"]).abs() * table["n"]).sum() / len(p))


def _ratio(a: npt.NDArray[np.float64], b: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    return np.divide(a, b, out=np.zeros(np.shape(a)), where=np.asarray(b) > 0)


def _sum_by(codes: npt.NDArray[np.int64], cell: npt.NDArray[np.bool_], n: int) -> npt.NDArray[np.float64]:
    return np.stack([np.bincount(codes, weights=column, minlength=n) for column in cell.T], axis=1)
