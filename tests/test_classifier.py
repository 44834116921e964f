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


def test_labels_may_be_sparse(data):
    X, Y, groups = data
    dense, sparse = (CalibratedMultiLabelClassifier().fit(X, y, groups=groups) for y in (Y, sp.csr_matrix(Y)))
    np.testing.assert_array_equal(sparse.predict_proba(X), dense.predict_proba(X))


def test_same_data_gives_the_same_model(data):
    X, Y, groups = data
    one = CalibratedMultiLabelClassifier().fit(X, Y, groups=groups)
    two = clone(one).fit(X, Y, groups=groups)
    for name in ("coef_", "intercept_", "calibration_", "thresholds_"):
        assert getattr(one, name).tobytes() == getattr(two, name).tobytes()


def test_groups_are_never_on_both_sides(monkeypatch):
    rng = np.random.default_rng(0)
    groups = np.repeat(np.arange(10), 5)
    X = np.column_stack([groups, rng.normal(size=50)]).astype(float)
    seen = []
    real = CalibratedMultiLabelClassifier.fit_linear
    monkeypatch.setattr(
        CalibratedMultiLabelClassifier, "fit_linear", lambda self, A, y: seen.append(set(A[:, 0])) or real(self, A, y)
    )
    CalibratedMultiLabelClassifier(cv=5).fit(X, (rng.random((50, 2)) < 0.5).astype(int), groups=groups)
    folds = [groups_in for groups_in in seen if len(groups_in) < 10]
    assert len(folds) == 10  # five folds of two labels


def test_a_term_with_a_label_counts_for_more_than_one_that_stands_anywhere():
    rng = np.random.default_rng(1)
    y = (rng.random(400) < 0.3).astype(int)
    telling, anywhere = y * (rng.random(400) < 0.5), rng.random(400) < 0.5
    X = np.column_stack([telling, anywhere, rng.random((400, 20)) < 0.2]).astype(float)
    plain, scaled = (CalibratedMultiLabelClassifier(C=0.001, count_ratio_power=p).fit(X, y) for p in (0, 0.5))
    # of the same penalty, a larger part goes to the telling column
    assert scaled.coef_[0, 0] / np.abs(scaled.coef_).sum() > plain.coef_[0, 0] / np.abs(plain.coef_).sum()


def test_flags_outside_the_review_band_reach_its_precision(data):
    X, Y, groups = data
    fitted = CalibratedMultiLabelClassifier(review_precision=0.9, review_recall=0.9).fit(X, Y, groups=groups)
    p = fitted.predict_proba(X)
    low, high = fitted.bands_.T
    assert (low <= fitted.thresholds_).all() and (fitted.thresholds_ <= high).all()
    for k in range(3):
        sure = p[:, k] >= high[k]
        if sure.any():
            assert Y[sure, k].mean() >= 0.88  # chosen on rows held out, looked at here on rows fitted
        assert Y[p[:, k] < low[k], k].sum() <= 0.12 * Y[:, k].sum()
