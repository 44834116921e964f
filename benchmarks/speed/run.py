"""Scoring speed against named peers, in turn, in one process; writes RESULTS.md beside this file."""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pyarrow.compute as pc
from Sastrawi.Stemmer.StemmerFactory import StemmerFactory
from sklearn.feature_extraction.text import TfidfVectorizer

import etikanlp
from etikanlp import corpus
from etikanlp.text import as_arrow, tokenize


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--texts", type=int, default=50_000, help="texts scored (default 50 000)")
    parser.add_argument("--rounds", type=int, default=3, help="rounds; the median counts (default 3)")
    parser.add_argument("--parquet", help="take the texts from the column 'text' of this file instead of the corpus")
    arguments = parser.parse_args()
    if arguments.parquet:
        import pandas as pd

        texts = pd.read_parquet(arguments.parquet, columns=["text"])["text"].fillna("").tolist()[: arguments.texts]
    else:
        texts = corpus.read("data/annotated")["text"].tolist()
        texts = (texts * (arguments.texts // len(texts) + 1))[: arguments.texts]
    words = len(tokenize(texts).ids)
    model = etikanlp.load()
    ways = peers(model, texts[:5000])
    seconds = {name: [] for name in ways}
    for _ in range(arguments.rounds):
        for name, way in ways.items():
            start = time.perf_counter()
            way(texts)
            seconds[name].append(time.perf_counter() - start)
    own = float(np.median(seconds["etikanlp"]))
    lines = [
        f"{len(texts):,} texts, {words:,} tokens, median of {arguments.rounds} rounds\n",
        "| way | thousand tokens/s | time ÷ etikanlp's | first round, s |\n| --- | --: | --: | --: |",
    ]
    for name, measured in seconds.items():
        median = float(np.median(measured))
        lines.append(f"| {name} | {words / median / 1000:,.0f} | {median / own:.2f} | {measured[0]:.2f} |")
    print("\n".join(lines))
    (Path(__file__).parent / "RESULTS.md").write_text("\n".join(["# Speed", "", *lines]) + "\n", encoding="utf-8")


def peers(model: etikanlp.Model, sample: list[str]) -> dict[str, Callable[[list[str]], object]]:
    plain = TfidfVectorizer(ngram_range=(1, 2)).fit(sample)
    chars = TfidfVectorizer(analyzer="char_wb", ngram_range=(2, 5)).fit(sample)
    rng = np.random.default_rng(0)
    of_words, of_chars = (rng.normal(size=(len(v.vocabulary_), 8)) for v in (plain, chars))

    def linear(texts: list[str]) -> object:
        return plain.transform(texts) @ of_words + chars.transform(texts) @ of_chars

    def stemmed(texts: list[str]) -> object:
        stemmer = StemmerFactory().create_stemmer()
        return linear([stemmer.stem(text) for text in texts])

    def floor(texts: list[str]) -> object:
        return pc.utf8_split_whitespace(as_arrow(texts)).flatten().dictionary_encode()

    return {
        "etikanlp": model.predict_proba,
        "stem per text": stemmed,
        "no stemming": linear,
        "floor": floor,
    }


if __name__ == "__main__":
    main()
