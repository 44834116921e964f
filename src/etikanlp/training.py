"""Annotated corpus in, trained bundle with its model card out."""

from __future__ import annotations

from importlib import metadata
from pathlib import Path
from typing import Any, Final

import pandas as pd

from etikanlp import bundle, corpus
from etikanlp.classifier import CalibratedMultiLabelClassifier
from etikanlp.codebook import CODEBOOK, LABELS
from etikanlp.errors import BundleError
from etikanlp.evaluation import false_alarms, interaction_metrics, label_metrics, out_of_fold
from etikanlp.features import TurnFeatures
from etikanlp.model import Model

FEATURES: Final[dict[str, Any]] = {}
"""Settings of :class:`~etikanlp.features.TurnFeatures` that differ from its defaults."""
CLASSIFIER: Final[dict[str, Any]] = {}
"""Settings of :class:`~etikanlp.classifier.CalibratedMultiLabelClassifier` that differ from its defaults."""

MODEL_CARD: Final = "MODEL_CARD.md"
_PACKAGES: Final = ("numpy", "scipy", "pandas", "pyarrow", "scikit-learn", "PySastrawi")


def train(folder: str | Path, out: str | Path, n_jobs: int = 2) -> tuple[Model, pd.DataFrame]:
    """Train on an annotated corpus and save the bundle with its card.

    Parameters
    ----------
    folder : str or Path
        The corpus.
    out : str or Path
        Folder of the bundle.
    n_jobs : int
        Folds measured side by side.

    Returns
    -------
    model : Model
        As read back from the bundle.
    metrics : DataFrame
        On turns of writers not trained on; see :func:`etikanlp.evaluation.label_metrics`.

    Raises
    ------
    CorpusError
        If the corpus breaks its format, or has too few writers or positive turns to measure itself on.
    """
    turns = corpus.read(folder)
    features = TurnFeatures(**FEATURES)
    classifier = CalibratedMultiLabelClassifier(**CLASSIFIER)
    probabilities, flags = out_of_fold(turns, features, classifier, n_jobs=n_jobs)
    truth, interactions = turns[list(LABELS)], turns["interaction_id"]
    metrics = label_metrics(truth, probabilities, flags, interactions)
    of_interactions = interaction_metrics(truth, probabilities, flags, interactions)
    classifier.fit(features.fit_transform(turns), truth.to_numpy(dtype=int), groups=turns["writer"])
    info = {
        "corpus": {
            "sha256": corpus.fingerprint(folder),
            "writers": int(turns["writer"].nunique()),
            "interactions": int(interactions.nunique()),
            "officer_turns": len(turns),
        },
        "priors": {label: round(float(truth[label].mean()), 6) for label in LABELS},
        "versions": _versions(),
        "metrics": {
            "turns": metrics.round(4).to_dict("index"),
            "interactions": of_interactions.round(4).to_dict("index"),
            **false_alarms(turns, flags),
        },
    }
    model = Model(features, classifier, info)
    bundle.save(model, out, {MODEL_CARD: model_card(model)})
    return bundle.load(out), metrics


def is_current(folder: str | Path, out: str | Path) -> bool:
    """Whether the bundle at ``out`` was trained on this corpus by these versions with these settings."""
    try:
        model = bundle.load(out)
    except BundleError:
        return False
    return (
        model.info.get("corpus", {}).get("sha256") == corpus.fingerprint(folder)
        and model.info.get("versions") == _versions()
        and model.features.get_params() == TurnFeatures(**FEATURES).get_params()
        and model.classifier.get_params() == CalibratedMultiLabelClassifier(**CLASSIFIER).get_params()
    )


def _versions() -> dict[str, str]:
    return {name: metadata.version(name) for name in ("etikanlp", *_PACKAGES)}


def model_card(model: Model) -> str:
    """The model card, Markdown, from what the model knows of itself."""
    info = model.info
    definitions = "\n".join(
        f"| `{label.id}` | {label.kind} | {label.definition['en']} | {threshold:.2f} |"
        for label, threshold in zip(CODEBOOK, model.thresholds, strict=True)
    )
    versions = ", ".join(f"{name} {version}" for name, version in info["versions"].items())
    of_corpus = info["corpus"]
    return f"""# Model card: {bundle.NAME}

One-vs-rest linear support vector machines over TF-IDF of Sastrawi stems and within-word character n-grams of an
officer's turn, and of the stems of what the customer said just before. Names of groups of people are one and the same
feature. Probabilities are calibrated and thresholds chosen on turns of writers held out.

## Labels

| Label | Kind | Means | Given from |
| --- | --- | --- | --- |
{definitions}

## How right it is

Measured on {of_corpus["officer_turns"]:,} officer turns of {of_corpus["interactions"]:,} interactions by
{of_corpus["writers"]} writers, each turn judged by a model that saw nothing of its writer or its scenario (five folds;
terms, weights, calibration and thresholds learned inside each). Intervals: 95 %, bootstrap over interactions.

### Turns

{_metrics_table(info["metrics"]["turns"])}

### Interactions (a label is shown when at least one officer turn shows it)

{_metrics_table(info["metrics"]["interactions"])}

### False alarms

Of 1,000 turns without any violation, so many got a violation flag: {_alarms(info["metrics"]["per_1000_ordinary"])}.
Of the turns that name a group of people neutrally or in defence, {100 * info["metrics"]["neutral_mention"]:.0f} % were
flagged discriminatory. Which group is named makes no difference: all one-word names are one feature.

ECE is the expected calibration error: the mean distance between a stated probability and the share that came true.

## Intended use

To order what a quality-assurance team reads, and to describe officers and units with stated error. A flag is a
reason to read the turn, never a finding: about one in {_one_in(info)} violation flags on turns like these is wrong,
and a share of the violations goes unflagged.

## Misuse

- Discipline, pay or promotion on flags that nobody has read in their context.
- Ranking officers on few interactions, or across units with different customers.
- Judging customers; only officer turns are judged.
- Any language but Indonesian with its regional colouring; any field far from service talk.

## Corpus and versions

The corpus was written for this purpose and not collected from people, so violations are far more frequent in it than in
a real log; see its datasheet. Where violations are rare a larger share of flags is wrong than the precision
above says.

- Corpus SHA-256: `{of_corpus["sha256"]}`
- {versions}
- Stems and stemming: Sastrawi, whose word list comes from Kateglo under CC BY-NC-SA 3.0.
"""


def _metrics_table(metrics: dict[str, dict[str, float]]) -> str:
    lines = [
        "| Label | Positive | Precision | Recall | F1 (95 %) | Average precision | ECE |",
        "| --- | --: | --: | --: | :-: | --: | --: |",
    ]
    for label, m in metrics.items():
        f1 = f"{m['f1']:.2f} ({m['f1_low']:.2f}–{m['f1_high']:.2f})"
        rest = f"{m['average_precision']:.2f} | {m['ece']:.3f}"
        lines.append(f"| {label} | {m['support']:.0f} | {m['precision']:.2f} | {m['recall']:.2f} | {f1} | {rest} |")
    return "\n".join(lines)


def _alarms(rates: dict[str, float]) -> str:
    return ", ".join(f"{label} {rate:.1f}" for label, rate in rates.items())


def _one_in(info: dict[str, Any]) -> str:
    """How many violation flags there are to a wrong one, as measured."""
    of_label = info["metrics"]["turns"]
    precision = [of_label[label.id]["precision"] for label in CODEBOOK if label.kind == "violation"]
    wrong = 1 - sum(precision) / len(precision)
    return f"{1 / wrong:.0f}" if wrong > 0 else "many"
