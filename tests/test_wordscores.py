from __future__ import annotations

import numpy as np
import pandas as pd
from conftest import EXAMPLE_LOG
from hypothesis import given, settings
from hypothesis import strategies as st

import etikanlp
from etikanlp import wordscores

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


def check(model, texts, contexts):
    turns = pd.DataFrame({"text": texts, "context": contexts}, dtype=object)
    expected = model.classifier.decision_function(model.features.transform(turns))
    np.testing.assert_allclose(
        wordscores.TurnScores(model.features, model.classifier).log_odds(texts, contexts), expected, atol=1e-9
    )
    np.testing.assert_allclose(model._scores.log_odds(texts, contexts), expected, atol=1e-9)


def test_equals_features_and_classifier_on_the_example_log(model):
    scores = etikanlp.score(EXAMPLE_LOG, model)
    check(model, scores["text"].tolist(), scores["context"].tolist())


@settings(deadline=None, max_examples=60)
@given(TURNS.filter(bool))
def test_equals_features_and_classifier_on_anything(model, texts):
    check(model, texts, texts[::-1])


def test_forgetting_changes_nothing(model, monkeypatch):
    texts = [f"berkas nomor {n} sudah kami terima, Bu" for n in range(50)]
    expected = model.predict_proba(texts)
    monkeypatch.setattr(wordscores, "_REMEMBERED", 20)
    fresh = wordscores.TurnScores(model.features, model.classifier)
    log_odds = np.vstack([fresh.log_odds([text], [""]) for text in texts])
    np.testing.assert_allclose(1 / (1 + np.exp(-log_odds)), expected, atol=1e-6)
