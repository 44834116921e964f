"""Features and classifier on published hate-speech tweets, beside their authors' best method; writes PUBLIC.md.

The data (M. O. Ibrohim and I. Budi (2019), Multi-label hate speech and abusive language detection in Indonesian
Twitter, ALW3; CC BY-NC-SA 4.0) is not part of the project: give the folder that holds `re_dataset.csv`.

Accuracy is the mean over tweets of |given ∩ true| / |given ∪ true|, 1 where both are empty; ten shuffled folds. As
the measure rewards whole label sets, the classifier learns the sets (label powerset) as its labels, and gives each
tweet the set with the highest expected accuracy under its calibrated probabilities.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
import pandas as pd
from joblib import Parallel, delayed
from sklearn.ensemble import RandomForestClassifier
from sklearn.feature_extraction.text import CountVectorizer
from sklearn.model_selection import KFold

from etikanlp.training import estimators

TASKS = {"HS, Abusive": ["HS", "Abusive"], "twelve labels": None}
RARE = 10
"""Label sets of fewer training tweets than this are not learned, nor given."""


def accuracy(truth: np.ndarray, given: np.ndarray) -> np.ndarray:
    """Accuracy of each row, shape (n,)."""
    union = (truth | given).sum(axis=1)
    return np.where(union == 0, 1.0, (truth & given).sum(axis=1) / np.maximum(union, 1))


def own(train: pd.Series, truth: np.ndarray, test: pd.Series) -> np.ndarray:
    features, classifier = estimators()
    classifier.set_params(cv=3)
    sets, which, counts = np.unique(truth, axis=0, return_inverse=True, return_counts=True)
    kept = np.flatnonzero(counts >= RARE)
    one_hot = (which.ravel()[:, None] == kept).astype(int)
    classifier.fit(features.fit_transform(train), one_hot)
    p = classifier.predict_proba(features.transform(test))
    p /= p.sum(axis=1, keepdims=True)
    candidates = sets[kept].astype(bool)
    gain = np.array([accuracy(candidates, np.tile(given, (len(candidates), 1))) for given in candidates])
    return candidates[(p @ gain.T).argmax(axis=1)]


def forest(train: pd.Series, truth: np.ndarray, test: pd.Series) -> np.ndarray:
    """Random forest on the label powerset of word unigrams: the paper's best."""
    vectorizer = CountVectorizer()
    sets, which = np.unique(truth, axis=0, return_inverse=True)
    fitted = RandomForestClassifier(100, random_state=0).fit(vectorizer.fit_transform(train), which.ravel())
    return sets[fitted.predict(vectorizer.transform(test))].astype(bool)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path, help="the folder that holds re_dataset.csv")
    parser.add_argument("--folds", type=int, default=10, help="how many of the ten folds to run (default 10)")
    arguments = parser.parse_args()
    table = pd.read_csv(arguments.folder / "re_dataset.csv", encoding="latin-1")
    texts, labels = table["Tweet"], table.columns[1:]
    folds = list(KFold(10, shuffle=True, random_state=0).split(texts))[: arguments.folds]
    lines = [
        f"{len(table):,} tweets, {arguments.folds} of ten folds; accuracy, and its standard deviation over folds\n",
        "| way | " + " | ".join(TASKS) + " |",
        "| --- | " + " | ".join("--:" for _ in TASKS) + " |",
    ]
    for name, way in {"random forest, label powerset, words": forest, "etikanlp": own}.items():
        cells = []
        for columns in TASKS.values():
            truth = table[columns or list(labels)].to_numpy(dtype=bool)
            given = Parallel(n_jobs=2)(
                delayed(way)(texts.iloc[train], truth[train].astype(int), texts.iloc[test]) for train, test in folds
            )
            scores = [accuracy(truth[test], g).mean() for (_, test), g in zip(folds, given, strict=True)]
            cells.append(f"{100 * np.mean(scores):.2f} ± {100 * np.std(scores):.2f}")
        lines.append(f"| {name} | " + " | ".join(cells) + " |")
        print(lines[-1], flush=True)
    page = "\n".join(["# Published tweets", "", *lines]) + "\n"
    (Path(__file__).parent / "PUBLIC.md").write_text(page, encoding="utf-8")


if __name__ == "__main__":
    main()
