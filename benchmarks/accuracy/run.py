"""Baselines and ablations on the same writer-grouped folds; writes RESULTS.md beside this file.

Every way learns everything (terms, weights, thresholds where it has any) inside the fold. Intervals are 95 %,
bootstrap over interactions. `--only NAME` runs the ways whose name contains NAME, without writing.
"""

from __future__ import annotations

import argparse
import re
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from joblib import Parallel, delayed
from Sastrawi.Stemmer.StemmerFactory import StemmerFactory
from Sastrawi.StopWordRemover.StopWordRemoverFactory import StopWordRemoverFactory
from sklearn.ensemble import RandomForestClassifier
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GroupKFold
from sklearn.multiclass import OneVsRestClassifier
from sklearn.naive_bayes import ComplementNB

from etikanlp import corpus, text
from etikanlp import features as features_module
from etikanlp.codebook import LABELS, VIOLATIONS
from etikanlp.evaluation import interaction_metrics, label_metrics
from etikanlp.training import estimators

Judge = Callable[[pd.DataFrame, np.ndarray, pd.DataFrame], tuple[np.ndarray, np.ndarray]]
"""Train turns, their labels, test turns in; scores and flags of the test turns out."""

KEYWORDS = {
    "courtesy": ["terima kasih", "makasih", "mohon", "maaf", "selamat", "silakan", "boleh"],
    "empathy": ["mengerti", "paham", "pasti", "prihatin", "khawatir", "berat"],
    "transparency": ["syarat", "biaya", "karena", "paling lambat", "jam", "hari kerja", "tanggal"],
    "accountability": ["saya sendiri", "nomor laporan", "nomor tiket", "kesalahan kami", "paling lambat"],
    "discriminatory": ["orang kampung", "janda", "cacat", "suku", "agama", "cina", "miskin", "gila"],
    "unprofessional": ["bodoh", "goblok", "bukan urusan", "terserah", "makanya", "cerewet", "salah sendiri"],
    "confidentiality_breach": ["otp", "pin", "kata sandi", "password", "cvv", "tetangga"],
    "integrity_breach": ["uang rokok", "seikhlasnya", "uang kopi", "orang dalam", "amplop", "titip"],
}


def own(features: dict[str, Any] | None = None, classifier: dict[str, Any] | None = None) -> Judge:
    def judge(train: pd.DataFrame, truth: np.ndarray, test: pd.DataFrame) -> tuple[np.ndarray, np.ndarray]:
        vectorizer, model = estimators()
        vectorizer.set_params(**(features or {}))
        model.set_params(**(classifier or {}))
        model.fit(vectorizer.fit_transform(train), truth, groups=train["writer"])
        p = model.predict_proba(vectorizer.transform(test))
        return p, p >= model.thresholds_

    return judge


def pipeline(vectorizer: TfidfVectorizer, estimator: Any, prepare: Callable[[str], str] = str) -> Judge:
    """A vectorizer and a classifier as a notebook would have them: flags are what predict() says."""

    def judge(train: pd.DataFrame, truth: np.ndarray, test: pd.DataFrame) -> tuple[np.ndarray, np.ndarray]:
        X = vectorizer.fit_transform([prepare(string) for string in train["text"]])
        fitted = OneVsRestClassifier(estimator).fit(X, truth)
        Z = vectorizer.transform([prepare(string) for string in test["text"]])
        return fitted.predict_proba(Z), fitted.predict(Z).astype(bool)

    return judge


def forest(train: pd.DataFrame, truth: np.ndarray, test: pd.DataFrame) -> tuple[np.ndarray, np.ndarray]:
    """Random forest on the label powerset, word unigrams."""
    vectorizer = TfidfVectorizer(min_df=2)
    X = vectorizer.fit_transform(train["text"])
    sets, which = np.unique(truth, axis=0, return_inverse=True)
    fitted = RandomForestClassifier(200, n_jobs=2, random_state=0).fit(X, which.ravel())
    p = fitted.predict_proba(vectorizer.transform(test["text"]))
    return p @ sets[fitted.classes_], sets[fitted.classes_[p.argmax(axis=1)]].astype(bool)


def majority(train: pd.DataFrame, truth: np.ndarray, test: pd.DataFrame) -> tuple[np.ndarray, np.ndarray]:
    p = np.tile(truth.mean(axis=0), (len(test), 1))
    return p, p >= 0.5


def keywords(train: pd.DataFrame, truth: np.ndarray, test: pd.DataFrame) -> tuple[np.ndarray, np.ndarray]:
    lower = test["text"].str.lower()
    found = [lower.str.contains("|".join(words), regex=True) for words in KEYWORDS.values()]
    flags = np.column_stack(found).astype(bool)
    return flags.astype(float), flags


_stemmer = StemmerFactory().create_stemmer()
_stopwords = StopWordRemoverFactory().create_stop_word_remover()


def naive(string: str) -> str:
    return _stemmer.stem(_stopwords.remove(string.lower()))


def fasttext(train: pd.DataFrame, truth: np.ndarray, test: pd.DataFrame) -> tuple[np.ndarray, np.ndarray]:
    """fastText supervised, one-vs-all loss, words 1-2 and subwords; flags from 0.5."""
    import tempfile

    import fasttext as library

    def line(row: np.ndarray, string: str) -> str:
        names = [f"__label__{label}" for label, given in zip(LABELS, row, strict=True) if given]
        return " ".join([*names, "__label__any", *string.split()])

    lines = [line(row, string) for row, string in zip(truth, train["text"], strict=True)]
    with tempfile.NamedTemporaryFile("w", suffix=".txt", encoding="utf-8") as file:
        file.write("\n".join(lines))
        file.flush()
        fitted = library.train_supervised(
            file.name, loss="ova", epoch=25, lr=0.3, wordNgrams=2, minn=2, maxn=5, thread=1, verbose=0
        )
    p = np.zeros((len(test), len(LABELS)))
    for i, string in enumerate(test["text"]):
        for probability, name in fitted.f.predict(" ".join(string.split()) + "\n", len(LABELS) + 1, 0.0, "strict"):
            label = name.removeprefix("__label__")
            if label in LABELS:
                p[i, LABELS.index(label)] = probability
    return p, p >= 0.5


def replacing(module: Any, name: str, other: Any) -> Judge:
    """The own way with one function of a module replaced."""

    def judge(train: pd.DataFrame, truth: np.ndarray, test: pd.DataFrame) -> tuple[np.ndarray, np.ndarray]:
        known = getattr(module, name)
        setattr(module, name, other)
        text._forms.cache_clear()  # what was read with the function as it is
        try:
            return own()(train, truth, test)
        finally:
            setattr(module, name, known)
            text._forms.cache_clear()

    return judge


def not_stemmed(forms: Any, stems: Any = None) -> list[str]:
    return list(forms)


def no_spellings() -> dict[str, str]:
    return {}


LR = LogisticRegression(max_iter=1000)
WAYS: dict[str, Judge] = {
    "majority": majority,
    "keyword list": keywords,
    "complement naive Bayes, words": pipeline(TfidfVectorizer(min_df=2), ComplementNB()),
    "random forest, label powerset": forest,
    "fastText supervised": fasttext,
    "words, no stemming, logistic regression": pipeline(TfidfVectorizer(ngram_range=(1, 2), min_df=2), LR),
    "Sastrawi stems, logistic regression": pipeline(TfidfVectorizer(ngram_range=(1, 2), min_df=2), LR, _stemmer.stem),
    "naive notebook (stems, stop words out, logistic regression)": pipeline(TfidfVectorizer(), LR, naive),
    "own": own(),
    "own, without stemming": replacing(features_module, "stem", not_stemmed),
    "own, without spelling table": replacing(text, "_spellings", no_spellings),
    "own, names of groups as they are": replacing(text, "_group_name", lambda: re.compile(r"(?!)")),
    "own, without character n-grams": own({"char_ngram_range": None}),
    "own, without context": own({"context_weight": 0.0}),
    "own, stems 1-3": own({"word_ngram_range": (1, 3)}),
    "own, no length offset": own({"length_offset": 0}),
    "own, terms of one turn kept": own({"min_df": 1}),
    "own, without log-count ratio": own(classifier={"count_ratio_power": 0.0}),
    "own, full log-count ratio": own(classifier={"count_ratio_power": 1.0}),
    "own, C = 0.01": own(classifier={"C": 0.01}),
    "own, C = 0.04": own(classifier={"C": 0.04}),
    "own, words only, no context, no ratio": own(
        {"char_ngram_range": None, "context_weight": 0.0}, {"count_ratio_power": 0.0}
    ),
}


DETAILED = {"own", "own, without stemming", "naive notebook (stems, stop words out, logistic regression)"}
"""Ways whose figures are also written label by label."""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", default="", help="run only the ways whose name contains this, and write nothing")
    only = parser.parse_args().only
    turns = corpus.read("data/annotated")
    truth = turns[list(LABELS)].astype(bool)
    folds = list(GroupKFold(5, shuffle=True, random_state=0).split(turns, groups=turns["writer"]))
    lines = [
        f"{len(turns):,} officer turns, {turns['writer'].nunique()} writers, 5 folds grouped by writer\n",
        "| way | macro-F1, turns | macro-F1, interactions | average precision | violations F1 | alarms / 1,000 | s |",
        "| --- | :-: | :-: | --: | --: | --: | --: |",
    ]
    print("\n".join(lines))
    detail: list[str] = []
    for name, judge in WAYS.items():
        if only not in name:
            continue
        start = time.perf_counter()
        p, flags = judged(judge, turns, truth, folds)
        of_turns = label_metrics(truth, p, flags, turns["interaction_id"])
        of_interactions = interaction_metrics(truth, p, flags, turns["interaction_id"])
        ordinary = ~truth[list(VIOLATIONS)].any(axis=1)
        alarms = 1000 * flags.loc[ordinary.to_numpy(), list(VIOLATIONS)].mean().mean()
        row = (
            f"| {name} | {_f1(of_turns)} | {_f1(of_interactions)} | {of_turns.loc['macro', 'average_precision']:.3f} "
            f"| {of_turns.loc[list(VIOLATIONS), 'f1'].mean():.3f} | {alarms:.1f} | {time.perf_counter() - start:.0f} |"
        )
        print(row, flush=True)
        lines.append(row)
        if name in DETAILED:
            detail += ["", f"## {name}", "", *_per_label(of_turns, of_interactions)]
    if not only:
        lines += ["", "Alarms: turns without any violation that get a violation flag, mean over the four labels."]
        (Path(__file__).parent / "RESULTS.md").write_text(
            "\n".join(["# Accuracy", "", *lines, *detail]) + "\n", encoding="utf-8"
        )


def judged(
    judge: Judge, turns: pd.DataFrame, truth: pd.DataFrame, folds: list[Any]
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Scores and flags of every turn from the fold that did not train on it."""
    y = truth.to_numpy(dtype=int)
    parts = Parallel(n_jobs=2)(delayed(judge)(turns.iloc[train], y[train], turns.iloc[test]) for train, test in folds)
    rows = np.argsort(np.concatenate([test for _, test in folds]))
    p, flags = (np.concatenate(part)[rows] for part in zip(*parts, strict=True))
    return pd.DataFrame(p, columns=list(LABELS)), pd.DataFrame(flags, columns=list(LABELS))


def _per_label(of_turns: pd.DataFrame, of_interactions: pd.DataFrame) -> list[str]:
    lines = [
        "| label | precision | recall | F1, turns | average precision | F1, interactions |",
        "| --- | --: | --: | :-: | --: | :-: |",
    ]
    for label, m in of_turns.iterrows():
        f1, of_whole = (
            f"{x['f1']:.3f} ({x['f1_low']:.3f}–{x['f1_high']:.3f})" for x in (m, of_interactions.loc[label])
        )
        shares = f"{m['precision']:.3f} | {m['recall']:.3f}"
        lines.append(f"| {label} | {shares} | {f1} | {m['average_precision']:.3f} | {of_whole} |")
    return lines


def _f1(table: pd.DataFrame) -> str:
    macro = table.loc["macro"]
    return f"{macro['f1']:.3f} ({macro['f1_low']:.3f}–{macro['f1_high']:.3f})"


if __name__ == "__main__":
    main()
