"""The multi-label estimator: one linear model per label, calibrated probabilities, a threshold per label."""

from __future__ import annotations

from typing import Any, Self

import numpy as np
import numpy.typing as npt
import scipy.sparse as sp
from scipy.special import expit
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import precision_recall_curve
from sklearn.model_selection import GroupKFold, KFold
from sklearn.svm import LinearSVC
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import check_is_fitted, column_or_1d, validate_data

from etikanlp.weights import in_band

FloatArray = npt.NDArray[np.float64]

_SMOOTHING = 0.5
"""Added to every count, so that a column seen in one class only has a finite ratio."""


class CalibratedMultiLabelClassifier(ClassifierMixin, BaseEstimator):
    """One-vs-rest linear support vector machines whose probabilities and thresholds come from held-out folds.

    The decision values used to calibrate and to choose thresholds are those of rows not trained on; the
    final coefficients are then fitted on all rows.

    Parameters
    ----------
    C : float, default=0.02
        Inverse strength of the L2 penalty, as in :class:`~sklearn.svm.LinearSVC` (squared hinge loss).
    count_ratio_power : float, default=0.3
        Each column is scaled, label by label, by the magnitude of its log-count ratio raised to this power: what is
        equally frequent with and without a label is damped before the penalty sees it. 0 leaves columns as they are.
        The scale is folded into ``coef_``.
    cv : int, default=5
        Number of held-out folds; rows of one group are never on both sides.
    beta : float, default=1.0
        The threshold of a label is the one with the highest F-beta on held-out folds.
    review_precision : float, default=0.9
        Flags above the review band are right at least this often on held-out folds, as far as any are.
    review_recall : float, default=0.8
        At most the rest of the positive rows lies below the review band on held-out folds.
    random_state : int, default=0
        Seed of the folds and of the solver.

    Attributes
    ----------
    coef_ : ndarray of float64, shape (n_labels, n_features)
    intercept_ : ndarray of float64, shape (n_labels,)
    calibration_ : ndarray of float64, shape (n_labels, 2)
        Slope and offset ``a, b`` of Platt's sigmoid ``1 / (1 + exp(-(a f + b)))`` of a decision value ``f``.
    thresholds_ : ndarray of float64, shape (n_labels,)
        A label is given at this probability or above.
    bands_ : ndarray of float64, shape (n_labels, 2)
        Review band of each label, from its lower end (included) to its upper (excluded): probabilities that say
        neither a clear yes nor a clear no. The threshold lies inside or on an end.
    classes_ : ndarray
        Labels' column numbers, or the two classes of a one-dimensional target.

    References
    ----------
    J. Platt (1999), Probabilistic outputs for support vector machines and comparisons to regularized
    likelihood methods: the sigmoid, and the softened targets that keep it from over-fitting.

    S. Wang and C. Manning (2012), Baselines and bigrams: the log-count ratio as a scale of features (NB-SVM).
    """

    def __init__(
        self,
        C: float = 0.02,
        count_ratio_power: float = 0.3,
        cv: int = 5,
        beta: float = 1.0,
        review_precision: float = 0.9,
        review_recall: float = 0.8,
        random_state: int = 0,
    ) -> None:
        self.C = C
        self.count_ratio_power = count_ratio_power
        self.cv = cv
        self.beta = beta
        self.review_precision = review_precision
        self.review_recall = review_recall
        self.random_state = random_state

    def fit(self, X: Any, y: Any, groups: Any = None) -> Self:
        """Fit on rows ``X``, shape (n, n_features), dense or sparse.

        Parameters
        ----------
        X : array or sparse matrix, shape (n, n_features)
        y : array or sparse matrix of 0 and 1, shape (n, n_labels); or array of two classes, shape (n,)
        groups : array, shape (n,), optional
            Rows of one group stay on one side of every fold.
        """
        y = y.toarray() if sp.issparse(y) else y
        X, y = validate_data(self, X, y, accept_sparse="csr", multi_output=True)
        check_classification_targets(y)
        if y.ndim == 2 and y.shape[1] == 1:  # a column vector is a one-dimensional target, with scikit-learn's warning
            y = column_or_1d(y, warn=True)
        self._one_label = y.ndim == 1
        if self._one_label:
            self.classes_, binary = np.unique(y, return_inverse=True)
            if len(self.classes_) > 2:
                raise ValueError(
                    "Only binary classification is supported for a one-dimensional target; "
                    "give one column of 0 and 1 per label instead."
                )
            Y = binary[:, None]
            if len(self.classes_) < 2:
                raise ValueError("the target has only one class; at least two classes are needed")
        else:
            Y = np.asarray(y)
            if not np.isin(Y, (0, 1)).all():
                raise ValueError("a multi-label target holds 0 and 1 only")
            self.classes_ = np.arange(Y.shape[1])
        held_out = self._held_out_decisions(X, Y, groups)
        fitted = [self.fit_linear(X, Y[:, k]) for k in range(Y.shape[1])]
        self.coef_ = np.vstack([coef for coef, _ in fitted])
        self.intercept_ = np.array([intercept for _, intercept in fitted])
        self.calibration_ = np.array([_platt(f, t) for f, t in zip(held_out.T, Y.T, strict=True)])
        p = np.asarray(expit(self._calibrated(held_out)))
        self.thresholds_ = np.array([_best_threshold(*pt, self.beta) for pt in zip(p.T, Y.T, strict=True)])
        self.bands_ = np.array([self._band(*pt) for pt in zip(p.T, Y.T, self.thresholds_, strict=True)])
        return self

    def decision_function(self, X: Any) -> FloatArray:
        """Calibrated log-odds, shape (n, n_labels); (n,) after fitting on a one-dimensional target."""
        check_is_fitted(self, "coef_")
        X = validate_data(self, X, accept_sparse="csr", reset=False)
        f = self._calibrated(np.asarray(X @ self.coef_.T) + self.intercept_)
        return f[:, 0] if self._one_label else f

    def predict_proba(self, X: Any) -> FloatArray:
        """Calibrated probability of each label, shape (n, n_labels); of each class for a one-dim. target."""
        f = self.decision_function(X)
        p = np.asarray(expit(f.reshape(len(f), -1)))
        return np.hstack([1 - p, p]) if self._one_label else p

    def predict(self, X: Any) -> npt.NDArray[Any]:
        """Labels given at each label's threshold: 0 and 1, shape (n, n_labels).

        After fitting on a one-dimensional target the more probable class, shape (n,), as scikit-learn's
        classifiers have it.
        """
        check_is_fitted(self, "coef_")
        if self._one_label:
            return np.asarray(self.classes_[(self.decision_function(X) > 0).astype(int)])
        p = self.predict_proba(X)
        return (p >= self.thresholds_).astype(np.int64)

    def in_review(self, p: FloatArray) -> npt.NDArray[np.bool_]:
        """Whether each probability, shape (n, n_labels), lies in its label's review band."""
        return np.asarray(in_band(p, self.bands_))

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.sparse = True
        tags.classifier_tags.multi_class = False
        tags.classifier_tags.multi_label = True
        return tags

    def _calibrated(self, f: FloatArray) -> FloatArray:
        return f * self.calibration_[:, 0] + self.calibration_[:, 1]

    def _held_out_decisions(self, X: Any, Y: npt.NDArray[Any], groups: Any) -> FloatArray:
        """Decision value of every row from a model that has not seen the row's group."""
        n_groups = len(Y) if groups is None else len(np.unique(np.asarray(groups)))
        n_splits = min(self.cv, n_groups)
        if n_splits < 2:
            raise ValueError(f"need at least 2 groups to hold one out, got {n_groups} (1 sample or group)")
        splitter = KFold if groups is None else GroupKFold
        folds = list(splitter(n_splits, shuffle=True, random_state=self.random_state).split(X, Y, groups))
        f = np.zeros(Y.shape)
        for train, test in folds:
            seen, unseen = X[train], X[test]
            for k in range(Y.shape[1]):
                coef, intercept = self.fit_linear(seen, Y[train, k])
                f[test, k] = unseen @ coef + intercept
        return f

    def _band(self, p: FloatArray, target: npt.NDArray[Any], threshold: float) -> tuple[float, float]:
        """Lower and upper end of the review band, around the threshold."""
        if target.min() == target.max():
            return threshold, threshold
        precision, recall, at = precision_recall_curve(target, p)
        sure = np.flatnonzero((precision[:-1] >= self.review_precision) & (at >= threshold))
        found = np.flatnonzero(recall[:-1] >= self.review_recall)
        high = at[sure[0]] if len(sure) else 1.0
        return min(float(at[found[-1]]), threshold), float(high)

    def fit_linear(self, X: Any, target: npt.NDArray[Any]) -> tuple[FloatArray, float]:
        """Fit one label without calibration.

        Parameters
        ----------
        X : array or sparse matrix, shape (n, n_features)
        target : array of 0 and 1, shape (n,)

        Returns
        -------
        coef : ndarray of float64, shape (n_features,)
        intercept : float
            For a target of one class, zeros and its log-odds.
        """
        if target.min() == target.max():
            positive, n = target.sum(), len(target)
            return np.zeros(X.shape[1]), float(np.log((positive + 0.5) / (n - positive + 0.5)))
        scale = _count_ratio(X, target) ** self.count_ratio_power
        # the mean square stays one, so that C means the same whatever the power
        scale = scale / np.sqrt((scale**2).mean()) if scale.any() else np.ones(X.shape[1])
        model = LinearSVC(C=self.C, tol=1e-3, max_iter=10_000, random_state=self.random_state)
        model.fit(X @ sp.diags_array(scale) if sp.issparse(X) else X * scale, target)
        return model.coef_[0] * scale, float(model.intercept_[0])


def _count_ratio(X: Any, target: npt.NDArray[Any]) -> FloatArray:
    """Magnitude of each column's log-count ratio, shape (n_features,): how far presence tells the classes apart."""
    present = (X > 0).astype(float)
    with_label = np.asarray(present[target == 1].sum(axis=0)).ravel() + _SMOOTHING
    without = np.asarray(present[target == 0].sum(axis=0)).ravel() + _SMOOTHING
    n_with, n_without = target.sum() + 2 * _SMOOTHING, (1 - target).sum() + 2 * _SMOOTHING
    return np.abs(np.log(with_label / n_with) - np.log(without / n_without))


def _platt(f: FloatArray, target: npt.NDArray[Any]) -> tuple[float, float]:
    """Slope and offset of Platt's sigmoid, fitted to softened targets."""
    positive, n = int(target.sum()), len(target)
    if positive in {0, n} or np.ptp(f) == 0:
        return 0.0, float(np.log((positive + 1) / (n - positive + 1)))
    soft = np.where(target == 1, (positive + 1) / (positive + 2), 1 / (n - positive + 2))
    rows, classes = np.tile(f, 2)[:, None], np.repeat([1, 0], n)
    weights = np.concatenate([soft, 1 - soft])
    sigmoid = LogisticRegression(C=np.inf, solver="lbfgs", max_iter=1000).fit(rows, classes, weights)
    return float(sigmoid.coef_[0, 0]), float(sigmoid.intercept_[0])


def _best_threshold(p: FloatArray, target: npt.NDArray[Any], beta: float) -> float:
    """Probability with the highest F-beta, midway to the next lower one so that it is no data point."""
    if target.min() == target.max():
        return 0.5
    precision, recall, at = precision_recall_curve(target, p)
    f_beta = (1 + beta**2) * precision * recall / np.maximum(beta**2 * precision + recall, 1e-12)
    best = int(np.argmax(f_beta[:-1]))
    lower = at[best - 1] if best else at[best]
    return float((at[best] + lower) / 2)
