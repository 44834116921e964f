from __future__ import annotations

import sys
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import etikanlp
from etikanlp import wordscores
from etikanlp.classifier import CalibratedMultiLabelClassifier
from etikanlp.features import TurnFeatures
from etikanlp.weights import weights_of

CHUNKS = st.sampled_from(
    [
        "mohon",
        "maaf",
        "Bu,",
        "BISA!!!",
        "Rp50.000",
        "yg",
        "sdh",
        "👍🏽",
        "makasih",
        "uang",
        "kopi-nya",
        "\u200b",
        "orang",
        "Batak",
    ]
)
TURNS = st.lists(st.one_of(st.text(max_size=30), st.lists(CHUNKS, max_size=15).map(" ".join)), max_size=6)


def check(fitted, texts, contexts):
    features, classifier, model = fitted
    turns = pd.DataFrame({"text": texts, "context": contexts}, dtype=object)
    expected = classifier.decision_function(features.transform(turns))
    np.testing.assert_allclose(wordscores.TurnScores(model.weights).log_odds(texts, contexts), expected, atol=1e-9)
    np.testing.assert_allclose(model._scores.log_odds(texts, contexts), expected, atol=1e-9)


def test_equals_features_and_classifier_on_the_example_log(fitted, scores):
    check(fitted, scores["text"].tolist(), scores["context"].tolist())


@settings(deadline=None, max_examples=60)
@given(TURNS.filter(bool))
def test_equals_features_and_classifier_on_anything(fitted, texts):
    check(fitted, texts, texts[::-1])


@pytest.mark.parametrize("word_ngram_range", [(1, 1), (2, 2), (1, 3)])
@pytest.mark.parametrize("char_ngram_range", [None, (3, 4)])
def test_equals_features_and_classifier_at_other_settings(scores, word_ngram_range, char_ngram_range):
    turns = scores[["text", "context"]]
    features = TurnFeatures(word_ngram_range, char_ngram_range, min_df=1)
    classifier = CalibratedMultiLabelClassifier(cv=2)
    classifier.fit(features.fit_transform(turns), scores[list(etikanlp.LABELS)].to_numpy(int))
    check((features, classifier, etikanlp.Model(weights_of(features, classifier))), *(turns[c].tolist() for c in turns))


def test_forgetting_changes_nothing(model, monkeypatch):
    texts = [f"berkas nomor {n} sudah kami terima, Bu" for n in range(50)]
    expected = model.predict_proba(texts)
    monkeypatch.setattr(wordscores, "_REMEMBERED", 20)
    fresh = wordscores.TurnScores(model.weights)
    log_odds = np.vstack([fresh.log_odds([text], [""]) for text in texts])
    np.testing.assert_allclose(1 / (1 + np.exp(-log_odds)), expected, atol=1e-6)


@pytest.mark.parametrize("table", ["_form_scores", "_form_stem", "_scores", "_stems", "_ends"])
def test_an_interrupt_leaves_nothing_half_learnt(model, monkeypatch, table):
    first, second, third = (f"berkas loket{n} belum diterimakan, maaf{n}ya Bu" for n in range(3))
    fresh = wordscores.TurnScores(model.weights)
    fresh.log_odds([first], [""])

    def interrupted(rows):
        raise KeyboardInterrupt

    with monkeypatch.context() as patched, pytest.raises(KeyboardInterrupt):
        patched.setattr(getattr(fresh._text, table), "extend", interrupted)
        fresh.log_odds([second], [""])
    texts, contexts = [third, second, first], [""] * 3
    expected = wordscores.TurnScores(model.weights).log_odds(texts, contexts)
    np.testing.assert_allclose(fresh.log_odds(texts, contexts), expected, atol=1e-12)


def test_threads_do_not_mix_up_each_others_words(model, monkeypatch):
    monkeypatch.setattr(wordscores, "_REMEMBERED", 200)
    texts = [
        [f"berkas {n} dari loket{thread}x{n} belum diterimakan, maaf{n}ya Bu" for n in range(300)]
        for thread in range(4)
    ]
    expected = [model.predict_proba(one) for one in texts]
    fresh = etikanlp.Model(model.weights, model.info)

    def bit_by_bit(one):
        return pd.concat([fresh.predict_proba(one[start : start + 7]) for start in range(0, 300, 7)], ignore_index=True)

    switching = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    try:
        with ThreadPoolExecutor(4) as threads:
            found = list(threads.map(bit_by_bit, texts))
    finally:
        sys.setswitchinterval(switching)
    for one, two in zip(found, expected, strict=True):
        pd.testing.assert_frame_equal(one, two, atol=1e-6)
