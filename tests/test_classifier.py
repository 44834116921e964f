from __future__ import annotations

import numpy as np
import pytest
import scipy.sparse as sp
from sklearn.base import clone
from sklearn.utils.estimator_checks import parametrize_with_checks

from etikanlp.classifier import CalibratedMultiLabelClassifier
from etikanlp.evaluation import expected_calibration_error


@parametrize_with_checks([CalibratedMultiLabelClassifier()])
def test_scikit_learn_contract(estimator, check):
    check(estimator)


@pytest.fixture(scope="module")
def data():
    rng = np.random.default_rng(7)
    X = rng.normal(size=(1500, 6))
    p = 1 / (1 + np.exp(-(X[:, :3] * [2.0, 1.0, 0.5] - [0.0, 1.0, 2.0])))
    return X, (rng.random((1500, 3)) < p).astype(int), rng.integers(0, 30, 1500)


def test_probabilities_come_true_on_rows_not_seen(data):
    X, Y, groups = data
    fitted = CalibratedMultiLabelClassifier().fit(X[:1000], Y[:1000], groups=groups[:1000])
    p = fitted.predict_proba(X[1000:])
    assert p.shape == (500, 3)
    for k in range(3):
        assert expected_calibration_error(Y[1000:, k], p[:, k]) < 0.08


def test_labels_are_given_from_their_threshold(data):
    X, Y, _ = data
    fitted = CalibratedMultiLabelClassifier().fit(sp.csr_matrix(X), Y)
    np.testing.assert_array_equal(fitted.predict(sp.csr_matrix(X)), fitted.predict_proba(X) >= fitted.thresholds_)


def test_same_data_gives_the_same_model(data):
    X, Y, groups = data
    one = CalibratedMultiLabelClassifier().fit(X, Y, groups=groups)
    two = clone(one).fit(X, Y, groups=groups)
    for name in ("coef_", "intercept_", "calibration_", "thresholds_"):
        assert getattr(one, name).tobytes() == getattr(two, name).tobytes()


def test_groups_are_never_on_both_sides(monkeypatch):
    import etikanlp.classifier as module

    rng = np.random.default_rng(0)
    groups = np.repeat(np.arange(10), 5)
    X = np.column_stack([groups, rng.normal(size=50)]).astype(float)
    seen = []
    real = module._fit_linear
    monkeypatch.setattr(module, "_fit_linear", lambda A, *rest: seen.append(set(A[:, 0])) or real(A, *rest))
    module.CalibratedMultiLabelClassifier(cv=5).fit(X, (rng.random((50, 2)) < 0.5).astype(int), groups=groups)
    folds = [groups_in for groups_in in seen if len(groups_in) < 10]
    assert len(folds) == 10  # five folds of two labels
    assert all(len(train) == 8 for train in folds)


def test_a_label_that_never_occurs_is_never_given(data):
    X, Y, _ = data
    never = np.column_stack([Y[:, 0], np.zeros(len(Y), dtype=int)])
    fitted = CalibratedMultiLabelClassifier().fit(X, never)
    assert fitted.predict(X)[:, 1].sum() == 0
    assert fitted.predict_proba(X)[:, 1].max() < 0.01


def test_targets_other_than_zero_and_one_are_refused(data):
    X, Y, _ = data
    with pytest.raises(ValueError, match="0 and 1"):
        CalibratedMultiLabelClassifier().fit(X, Y * 2)
