from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import f1_score, precision_score, recall_score

from etikanlp.classifier import CalibratedMultiLabelClassifier
from etikanlp.codebook import LABELS
from etikanlp.errors import CorpusError
from etikanlp.evaluation import by_interaction, expected_calibration_error, label_metrics, out_of_fold
from etikanlp.features import TurnFeatures


@pytest.fixture(scope="module")
def judged():
    rng = np.random.default_rng(3)
    p = pd.DataFrame(rng.random((400, 8)), columns=list(LABELS))
    truth = pd.DataFrame(rng.random((400, 8)) < p.to_numpy(), columns=list(LABELS))
    return truth, p, p >= 0.5, pd.Series(np.arange(400) // 4).astype(str)


def test_metrics_are_scikit_learns(judged):
    truth, p, flags, interactions = judged
    table = label_metrics(truth, p, flags, interactions)
    for label in LABELS:
        for name, metric in (("precision", precision_score), ("recall", recall_score), ("f1", f1_score)):
            assert table.loc[label, name] == pytest.approx(metric(truth[label], flags[label]))
    assert table.loc["macro", "f1"] == pytest.approx(f1_score(truth, flags, average="macro"))
    assert (table["f1_low"] <= table["f1"]).all()
    assert (table["f1"] <= table["f1_high"]).all()


def test_metrics_are_the_same_every_time(judged):
    pd.testing.assert_frame_equal(label_metrics(*judged), label_metrics(*judged))


def test_calibration_error_of_true_and_of_false_probabilities():
    rng = np.random.default_rng(0)
    p = rng.random(20_000)
    truth = rng.random(20_000) < p
    assert expected_calibration_error(truth, p) < 0.02
    assert expected_calibration_error(truth, np.full(20_000, 0.9)) == pytest.approx(0.4, abs=0.02)


def test_an_interaction_shows_what_one_of_its_turns_shows():
    frame = pd.DataFrame({label: [False, True, False] for label in LABELS})
    assert by_interaction(frame, pd.Series(["a", "a", "b"]))["courtesy"].tolist() == [True, False]


def test_no_writer_is_judged_by_a_model_that_saw_them(monkeypatch):
    seen = []

    class Spy(TurnFeatures):
        def fit_transform(self, X, y=None, **fit_params):
            seen.append((set(X["writer"]), []))
            return super().fit_transform(X, y)

        def transform(self, X):
            seen[-1][1].extend(X["writer"])
            return super().transform(X)

    rng = np.random.default_rng(0)
    turns = pd.DataFrame(
        {
            "text": rng.choice(["mohon maaf", "tidak bisa", "baik bu"], 60),
            "context": "",
            "writer": np.repeat(list("abcdef"), 10),
        }
    )
    for label in LABELS:
        turns[label] = turns["text"] == "mohon maaf"
    out_of_fold(turns, Spy(min_df=1), CalibratedMultiLabelClassifier(cv=2), n_splits=3)
    with pytest.raises(CorpusError, match="6, where measuring needs at least 7"):
        out_of_fold(turns, Spy(), CalibratedMultiLabelClassifier(), n_splits=7)
    assert len(seen) == 3
    assert all(not trained & set(judged) for trained, judged in seen)
    assert sorted(name for _, judged in seen for name in judged) == sorted(turns["writer"])
