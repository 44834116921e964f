"""Baselines and ablations on the same writer-grouped folds; writes RESULTS.md beside this file.

Every way learns everything (terms, weights, thresholds where it has any) inside the fold. Intervals are 95 %,
bootstrap over interactions. `--only NAME` runs the ways whose name contains NAME, without writing.
"""

from __future__ import annotations

import argparse
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


def without_spellings() -> Judge:
    judge = own()

    def plain(train: pd.DataFrame, truth: np.ndarray, test: pd.DataFrame) -> tuple[np.ndarray, np.ndarray]:
        text._spellings.cache_clear()
        known, text._spellings = text._spellings, dict
        try:
            return judge(train, truth, test)
        finally:
            text._spellings = known

    return plain


def without_stems() -> Judge:
    def judge(train: pd.DataFrame, truth: np.ndarray, test: pd.DataFrame) -> tuple[np.ndarray, np.ndarray]:
        import etikanlp.features as module

        known, module.stem = module.stem, lambda forms, stems=None: list(forms)
        try:
            return own()(train, truth, test)
        finally:
            module.stem = known

    return judge


LR = LogisticRegression(max_iter=1000)
WAYS: dict[str, Judge] = {
    "majority": majority,
    "keyword list": keywords,
    "complement naive Bayes, words": pipeline(TfidfVectorizer(min_df=2), ComplementNB()),
    "random forest, label powerset": forest,
    "words, no stemming, logistic regression": pipeline(TfidfVectorizer(ngram_range=(1, 2), min_df=2), LR),
    "Sastrawi stems, logistic regression": pipeline(TfidfVectorizer(ngram_range=(1, 2), min_df=2), LR, _stemmer.stem),
    "naive notebook (stems, stop words out, logistic regression)": pipeline(TfidfVectorizer(), LR, naive),
    "own": own(),
    "own, without stemming": without_stems(),
    "own, without spelling table": without_spellings(),
    "own, without character n-grams": own({"char_ngram_range": None}),
    "own, without context": own({"context_weight": 0.0}),
    "own, stems 1-3": own({"word_ngram_range": (1, 3)}),
    "own, no length offset": own({"length_offset": 0}),
    "own, C = 0.01": own(classifier={"C": 0.01}),
    "own, C = 0.04": own(classifier={"C": 0.04}),
}


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
    for name, judge in WAYS.items():
        if only not in name:
            continue
        start = time.perf_counter()
        row = measure(name, judge, turns, truth, folds) + f" {time.perf_counter() - start:.0f} |"
        print(row, flush=True)
        lines.append(row)
    if not only:
        lines += ["", "False alarms: turns without any violation that get a violation flag, mean over the four labels."]
        (Path(__file__).parent / "RESULTS.md").write_text(
            "\n".join(["# Accuracy", "", *lines]) + "\n", encoding="utf-8"
        )


def measure(name: str, judge: Judge, turns: pd.DataFrame, truth: pd.DataFrame, folds: list[Any]) -> str:
    y = truth.to_numpy(dtype=int)
    judged = Parallel(n_jobs=2)(delayed(judge)(turns.iloc[train], y[train], turns.iloc[test]) for train, test in folds)
    p, flags = np.zeros(y.shape), np.zeros(y.shape, dtype=bool)
    for (_, test), (p_test, flags_test) in zip(folds, judged, strict=True):
        p[test], flags[test] = p_test, flags_test
    tables = [pd.DataFrame(values, columns=list(LABELS)) for values in (p, flags)]
    of_turns = label_metrics(truth, *tables, turns["interaction_id"])
    of_interactions = interaction_metrics(truth, *tables, turns["interaction_id"])
    ordinary = ~truth[list(VIOLATIONS)].any(axis=1)
    alarms = 1000 * tables[1].loc[ordinary.to_numpy(), list(VIOLATIONS)].mean().mean()
    return (
        f"| {name} | {_f1(of_turns)} | {_f1(of_interactions)} | {of_turns.loc['macro', 'average_precision']:.3f} "
        f"| {of_turns.loc[list(VIOLATIONS), 'f1'].mean():.3f} | {alarms:.1f} |"
    )


def _f1(table: pd.DataFrame) -> str:
    macro = table.loc["macro"]
    return f"{macro['f1']:.3f} ({macro['f1_low']:.3f}–{macro['f1_high']:.3f})"


if __name__ == "__main__":
    main()
