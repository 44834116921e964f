"""Annotated corpus in, trained bundle with its model card out."""

from __future__ import annotations

import json
from importlib import metadata, resources
from pathlib import Path
from typing import Any, Final

import pandas as pd

from etikanlp import bundle, corpus
from etikanlp.behaviour import by_function, delete_words, judge_cases, read_cases, swap_groups
from etikanlp.card import MODEL_CARD, RELIABILITY, model_card, reliability_diagrams
from etikanlp.classifier import CalibratedMultiLabelClassifier
from etikanlp.codebook import LABELS
from etikanlp.errors import BundleError
from etikanlp.evaluation import (
    any_violation_counts,
    at_prevalence,
    false_alarms,
    interaction_metrics,
    label_metrics,
    out_of_fold,
    reliability,
    review_metrics,
)
from etikanlp.features import TurnFeatures
from etikanlp.model import Model
from etikanlp.weights import weights_of

SETTINGS: Final = "settings.json"
"""Settings of features and classifier, beside this module."""
RARE: Final = 0.003
"""Share of turns with each violation that the card works out an example for: one turn in some hundreds."""
_EVERY: Final = 20
"""One corpus turn in so many is used to measure what deleting words does."""
_PACKAGES: Final = ("numpy", "scipy", "pandas", "pyarrow", "scikit-learn", "PySastrawi")


def train(
    folder: str | Path, out: str | Path, n_jobs: int = 2, tests: str | Path | None = None
) -> tuple[Model, pd.DataFrame]:
    """Train on an annotated corpus and save the bundle with its card.

    Parameters
    ----------
    folder : str or Path
        The corpus.
    out : str or Path
        Folder of the bundle.
    n_jobs : int
        Folds measured side by side.
    tests : str or Path, optional
        Folder with ``functional`` cases and ``groups`` to swap (:mod:`etikanlp.behaviour`), for the card.

    Returns
    -------
    model : Model
        As read back from the bundle.
    metrics : DataFrame
        On turns of writers not trained on; see :func:`etikanlp.evaluation.label_metrics`.

    Raises
    ------
    BundleError
        If ``out`` holds something else than a bundle; nothing is trained then.
    CorpusError
        If the corpus breaks its format, or has too few writers or positive turns to measure itself on.
    """
    bundle.check_free(out)
    turns = corpus.read(folder)
    features, classifier = estimators()
    judged = out_of_fold(turns, features, classifier, n_jobs=n_jobs)
    truth, interactions = turns[list(LABELS)], turns["interaction_id"]
    metrics = label_metrics(truth, judged.probabilities, judged.flags, interactions)
    of_interactions = interaction_metrics(truth, judged.probabilities, judged.flags, interactions)
    classifier.fit(features.fit_transform(turns), truth.to_numpy(dtype=int), groups=turns["writer"])
    info: dict[str, Any] = {
        "corpus": {
            "sha256": corpus.fingerprint(folder),
            "writers": int(turns["writer"].nunique()),
            "interactions": int(interactions.nunique()),
            "officer_turns": len(turns),
        },
        "priors": {label: round(float(truth[label].mean()), 6) for label in LABELS},
        "versions": _versions(),
        "settings": _settings(features, classifier),
        "rare": RARE,
        "deletion_every": _EVERY,
        "metrics": {
            "turns": metrics.round(4).to_dict("index"),
            "interactions": of_interactions.round(4).to_dict("index"),
            "any_violation": any_violation_counts(truth, judged.flags, interactions),
            "review": review_metrics(truth, judged).round(4).to_dict("index"),
            **false_alarms(turns, judged.flags),
        },
    }
    model = Model(weights_of(features, classifier), info)
    info["metrics"]["rare"] = at_prevalence(truth, judged.probabilities, model, RARE).round(4).to_dict("index")
    info["metrics"]["deletion"] = round(float(delete_words(model, turns.iloc[::_EVERY])["removed"].mean()), 4)
    info["metrics"] |= _behaviour(model, Path(tests)) if tests else {}
    diagrams = {label: reliability(truth[label], judged.probabilities[label]) for label in LABELS}
    bundle.save(model, out, {MODEL_CARD: model_card(model), RELIABILITY: reliability_diagrams(diagrams)})
    return bundle.load(out), metrics


def _behaviour(model: Model, folder: Path) -> dict[str, Any]:
    functions = by_function(judge_cases(model, read_cases(folder / "functional")))
    swaps = swap_groups(model, folder / "groups")
    neutral = swaps[swaps["kind"] == "neutral"]
    return {
        "functions": functions.round(4).to_dict("index"),
        "groups": {
            "names": int(swaps["name"].nunique()),
            "flipped": round(float(swaps["flipped"].mean()), 4),
            "neutral_flagged": round(float(neutral["flagged"].mean()), 4),
            "neutral_flagged_worst": round(float(neutral.groupby("name")["flagged"].mean().max()), 4),
            "discriminatory_flagged": round(float(swaps.loc[swaps["kind"] != "neutral", "flagged"].mean()), 4),
        },
    }


def estimators() -> tuple[TurnFeatures, CalibratedMultiLabelClassifier]:
    """Unfitted features and classifier with the settings that :func:`etikanlp.selection.select` chose."""
    chosen = json.loads(resources.files(__package__).joinpath(SETTINGS).read_text(encoding="utf-8"))
    given: dict[str, Any] = {name: tuple(v) if isinstance(v, list) else v for name, v in chosen["features"].items()}
    return TurnFeatures(**given), CalibratedMultiLabelClassifier(**chosen["classifier"])


def is_current(folder: str | Path, out: str | Path) -> bool:
    """Whether the bundle at ``out`` was trained on this corpus by these versions with these settings."""
    try:
        model = bundle.load(out)
    except BundleError:
        return False
    return (
        model.info.get("corpus", {}).get("sha256") == corpus.fingerprint(folder)
        and model.info.get("versions") == _versions()
        and model.info.get("settings") == _settings(*estimators())
    )


def _settings(features: TurnFeatures, classifier: CalibratedMultiLabelClassifier) -> dict[str, Any]:
    """Parameters of the estimators as JSON reads them back."""
    given = {"features": features.get_params(), "classifier": classifier.get_params()}
    return dict(json.loads(json.dumps(given)))


def _versions() -> dict[str, str]:
    return {name: metadata.version(name) for name in ("etikanlp", *_PACKAGES)}
