"""One way of labelling texts, measured in a process of its own; `run.py` starts it and reads the JSON it prints."""

from __future__ import annotations

import argparse
import json
import resource
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

Predict = Callable[[Sequence[str]], object]


def etikanlp_itself() -> Predict:
    import etikanlp

    return etikanlp.load().predict_proba


def sastrawi_per_text() -> Predict:
    """Whichever Sastrawi is first on the path: PySastrawi, or the older Sastrawi 1.0.1."""
    from Sastrawi.Stemmer.StemmerFactory import StemmerFactory

    stem, judge = StemmerFactory().create_stemmer().stem, _linear()
    return lambda texts: judge([stem(text) for text in texts])


def no_stemming() -> Predict:
    return _linear()


def fasttext() -> Predict:
    import fasttext as ft

    texts, labels = _corpus()
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "train.txt"
        lines = (
            " ".join([*(f"__label__{label}" for label in given or ["none"]), text])
            for text, given in zip(texts, labels, strict=True)
        )
        path.write_text("\n".join(lines), encoding="utf-8")
        model = ft.train_supervised(
            str(path), loss="ova", wordNgrams=2, minn=2, maxn=5, epoch=25, lr=0.5, thread=1, verbose=0
        )
    # the low-level call: the wrapper's predict does not run with NumPy 2
    return lambda column: model.f.multilinePredict(
        [text.replace("\n", " ") + "\n" for text in column], 9, 0.0, "strict"
    )


def spacy_textcat() -> Predict:
    import random

    import spacy
    from spacy.training import Example

    from etikanlp.codebook import LABELS

    nlp = spacy.blank("id")
    categoriser = nlp.add_pipe("textcat_multilabel")
    for label in LABELS:
        categoriser.add_label(label)
    texts, labels = _corpus()
    examples = [
        Example.from_dict(nlp.make_doc(text), {"cats": {label: float(label in given) for label in LABELS}})
        for text, given in zip(texts, labels, strict=True)
    ]
    optimiser = nlp.initialize(lambda: examples[:500])
    random.Random(0).shuffle(examples)
    for batch in spacy.util.minibatch(examples, 128):  # one epoch: what is measured here is speed
        nlp.update(batch, sgd=optimiser)
    return lambda column: [doc.cats for doc in nlp.pipe(column, batch_size=256)]


def arrow_floor() -> Predict:
    import pyarrow as pa
    import pyarrow.compute as pc

    return lambda texts: pc.utf8_split_whitespace(pa.array(texts, pa.large_string())).flatten().dictionary_encode()


WAYS: dict[str, Callable[[], Predict]] = {
    "etikanlp": etikanlp_itself,
    "sastrawi": sastrawi_per_text,
    "none": no_stemming,
    "fasttext": fasttext,
    "spacy": spacy_textcat,
    "floor": arrow_floor,
}


def _corpus() -> tuple[list[str], list[list[str]]]:
    from etikanlp import corpus
    from etikanlp.codebook import LABELS

    turns = corpus.read("data/annotated")
    given = turns[list(LABELS)].astype(bool)
    return turns["text"].tolist(), [[label for label in LABELS if row[label]] for row in given.to_dict("records")]


def _linear() -> Predict:
    """What a notebook has: words 1-2 and `char_wb` 2-5 by scikit-learn, and a logistic regression a label.

    Fitted on the texts as they stand: what is measured here is speed, and Sastrawi 1.0.1 would take minutes over them.
    """
    from scipy.sparse import hstack
    from sklearn.feature_extraction.text import TfidfVectorizer
    from sklearn.linear_model import LogisticRegression
    from sklearn.multiclass import OneVsRestClassifier
    from sklearn.preprocessing import MultiLabelBinarizer

    texts, labels = _corpus()
    words = TfidfVectorizer(ngram_range=(1, 2), min_df=2).fit(texts)
    chars = TfidfVectorizer(analyzer="char_wb", ngram_range=(2, 5), min_df=2).fit(texts)

    def features(column: Sequence[str]) -> Any:
        return hstack([words.transform(column), chars.transform(column)], format="csr")

    model = OneVsRestClassifier(LogisticRegression(solver="liblinear"))
    model.fit(features(texts), MultiLabelBinarizer().fit_transform(labels))
    return lambda column: model.predict_proba(features(column))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("way", choices=WAYS)
    parser.add_argument("texts", type=Path, help="JSON list of texts")
    parser.add_argument("--rounds", type=int, default=3)
    arguments = parser.parse_args()
    texts = json.loads(arguments.texts.read_text(encoding="utf-8"))
    try:
        ready, predict = _timed(WAYS[arguments.way])
    except ImportError as error:
        sys.exit(f"not installed: {error.name}")
    first, _ = _timed(lambda: predict(texts[:1]))
    cold, _ = _timed(lambda: predict(texts))
    warm = sorted(_timed(lambda: predict(texts))[0] for _ in range(arguments.rounds))[arguments.rounds // 2]
    one = sorted(_timed(lambda text=text: predict([text]))[0] for text in texts[:101])[len(texts[:101]) // 2]
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 / 1e6
    print(json.dumps({"ready": ready, "first": first, "cold": cold, "warm": warm, "one": one, "peak_mb": peak}))


def _timed(work: Callable[[], Any]) -> tuple[float, Any]:
    start = time.perf_counter()
    result = work()
    return time.perf_counter() - start, result


if __name__ == "__main__":
    main()
