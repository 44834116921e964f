from __future__ import annotations

from itertools import product

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.base import clone
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import Pipeline
from sklearn.utils.estimator_checks import parametrize_with_checks

from etikanlp.features import StemTfidfVectorizer, TurnFeatures
from etikanlp.text import forms

TEXTS = [
    "Mohon maaf Bu, kami yang terlambat mengantar berkasnya.",
    "mohon ditunggu ya kak, sdh kami cek",
    "Bapak silakan ke loket 2, bawa KTP asli.",
    "KTP ASLI DIBAWA!!! ke loket ya pak",
    "",
    "terlambat lagi terlambat lagi 👍👍",
]


@parametrize_with_checks([StemTfidfVectorizer(), TurnFeatures()])
def test_scikit_learn_contract(estimator, check):
    check(estimator)


def reference(vectorizer: StemTfidfVectorizer, train: list[str], texts: list[str]) -> np.ndarray:
    """scikit-learn's TfidfVectorizer with the same analyser, then the same length scale and block weight."""
    tfidf = TfidfVectorizer(analyzer=vectorizer.analyse, norm=None, min_df=vectorizer.min_df).fit(train)
    length = np.array([len(forms(string)) for string in texts])
    weight = np.array([vectorizer.char_weight if term[0] == "c" else 1.0 for term in tfidf.get_feature_names_out()])
    return tfidf.transform(texts).toarray() / np.sqrt(length + vectorizer.length_offset)[:, None] * weight


@pytest.mark.parametrize("ranges", [((1, 2), (2, 5)), ((1, 3), (3, 4)), ((2, 2), (2, 2)), ((1, 1), None)])
def test_equals_scikit_learn_on_texts_not_fitted_on(ranges):
    vectorizer = StemTfidfVectorizer(*ranges)
    fitted = vectorizer.fit_transform(TEXTS).toarray()
    np.testing.assert_allclose(fitted, reference(vectorizer, TEXTS, TEXTS), atol=1e-12)
    unseen = ["berkas terlambat diantar, mohon maaf ya Pak", "zzz", "ke loket ke loket"]
    np.testing.assert_allclose(vectorizer.transform(unseen).toarray(), reference(vectorizer, TEXTS, unseen), atol=1e-12)


@settings(deadline=None, max_examples=40)
@given(
    st.lists(st.text(alphabet="abdeku .!?5'-", max_size=40), min_size=3, max_size=8),
    st.lists(st.text(max_size=20), max_size=3),
)
def test_equals_scikit_learn_on_anything(train, unseen):
    vectorizer = StemTfidfVectorizer(min_df=1)
    texts = [*train, *unseen]
    if not any(vectorizer.analyse(string) for string in train):
        return
    vectorizer.fit(train)
    np.testing.assert_allclose(vectorizer.transform(texts).toarray(), reference(vectorizer, train, texts), atol=1e-9)


@pytest.mark.parametrize("estimator", [StemTfidfVectorizer((1, 8)), TurnFeatures((1, 8))])
def test_more_n_grams_than_can_be_numbered_are_refused(estimator):
    with pytest.raises(ValueError, match="choose a shorter range"):
        estimator.fit(["".join(letters) for letters in product("bdg", "aiu", "klm", "aiu", "nrst")])


def test_terms_and_columns_agree():
    vectorizer = StemTfidfVectorizer(min_df=1).fit(["antar berkas"])
    row = vectorizer.transform(["berkas"]).toarray()[0]
    named = dict(zip(vectorizer.get_feature_names_out(), row, strict=True))
    assert named["w:berkas"] > 0
    assert named["w:antar"] == 0
    assert named["w:antar berkas"] == 0


def test_context_has_features_of_its_own():
    turns = pd.DataFrame({"text": ["baik pak", "baik bu"] * 2, "context": ["saya marah", "saya senang"] * 2})
    features = TurnFeatures(min_df=1)
    X = features.fit_transform(turns).toarray()
    names = features.get_feature_names_out().tolist()
    assert X[0, names.index("context:w:marah")] > 0
    assert "w:marah" not in names
    without = features.transform(["baik pak"]).toarray()
    assert without[0, names.index("context:w:marah")] == 0


def test_works_in_pipeline_grid_search_and_clone():
    y = [1, 1, 0, 0, 0, 1]
    pipeline = Pipeline([("features", TurnFeatures(min_df=1)), ("classify", LogisticRegression())])
    search = GridSearchCV(clone(pipeline), {"features__char_ngram_range": [None, (2, 4)]}, cv=2).fit(TEXTS, y)
    assert search.predict(TEXTS).shape == (6,)


def test_empty_columns_have_no_rows():
    features = TurnFeatures(min_df=1).fit(TEXTS)
    assert features.transform([]).shape[0] == 0
