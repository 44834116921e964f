"""Turns to a sparse matrix: TF-IDF of Sastrawi stems and of character n-grams, for the turn and its context.

How the work stays small: whatever depends on a single word (its stem, its character n-grams) is looked up
once per distinct word, as a row of a sparse matrix ``words x terms``; the counts of all documents are then one
sparse product, ``(documents x words) @ (words x terms)``. Word n-grams over more than one word are integer
keys, looked up as numbers. The result is what scikit-learn's ``TfidfVectorizer`` gives with the analyser
:meth:`StemTfidfVectorizer.analyse`, which the tests hold it to.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any, Self

import numpy as np
import numpy.typing as npt
import pandas as pd
import scipy.sparse as sp
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.utils.validation import check_is_fitted

from etikanlp.text import Texts, Tokens, char_ngrams, forms, ngram_key, offsets_of, stem, tokenize, word_ngrams
from etikanlp.weights import length_scale

FloatMatrix = Any
"""A SciPy CSR matrix of float64."""


class StemTfidfVectorizer(TransformerMixin, BaseEstimator):
    """TF-IDF of stem n-grams and of within-word character n-grams, scaled by the length of the text.

    Parameters
    ----------
    word_ngram_range : tuple of int, default=(1, 2)
        Lower and upper length of n-grams over Sastrawi stems.
    char_ngram_range : tuple of int, optional, default=(2, 5)
        Lower and upper length of character n-grams inside space-padded words (``char_wb``); None for none.
    char_weight : float, default=0.2
        Factor on the columns of character n-grams, which are many and repeat what the stems say.
    length_offset : float, default=10
        Added to the number of tokens in the length scale, so that a single word of a very short turn does not
        weigh like a whole turn.
    min_df : int, default=2
        Terms in fewer texts than this are dropped.
    stems : mapping of str to str, optional
        Stems known beforehand, by form; others are stemmed when they are met.

    Attributes
    ----------
    terms_ : ndarray of str, shape (n_features,)
        ``w:`` and a stem n-gram, or ``c:`` and a character n-gram; sorted.
    idf_ : ndarray of float64, shape (n_features,)
        ``ln((1 + n) / (1 + df)) + 1``, scikit-learn's smoothed inverse document frequency.
    stems_ : dict of str to str
        Stem of every form met in fitting.

    Notes
    -----
    A row is divided by the square root of the (offset) number of tokens rather than by its own Euclidean norm. For
    texts whose terms seldom repeat the two are nearly proportional, and with the former a linear model over
    the row is a sum over words of figures known beforehand.
    """

    def __init__(
        self,
        word_ngram_range: tuple[int, int] = (1, 2),
        char_ngram_range: tuple[int, int] | None = (2, 5),
        char_weight: float = 0.2,
        length_offset: float = 10,
        min_df: int = 2,
        stems: Mapping[str, str] | None = None,
    ) -> None:
        self.word_ngram_range = word_ngram_range
        self.char_ngram_range = char_ngram_range
        self.char_weight = char_weight
        self.length_offset = length_offset
        self.min_df = min_df
        self.stems = stems

    def analyse(self, text: str) -> list[str]:
        """Terms of one text with repetitions: the plain reference of what :meth:`transform` counts."""
        words = forms(text)
        grams = word_ngrams(stem(words, self.stems), self.word_ngram_range)
        chars = (gram for word in words for gram in char_ngrams(word, self.char_ngram_range))
        return [f"w:{gram}" for gram in grams] + [f"c:{gram}" for gram in chars]

    def fit(self, X: Texts, y: Any = None) -> Self:
        """Learn terms and document frequencies from a column of texts, shape (n_texts,)."""
        self.fit_transform(X, y)
        return self

    def fit_transform(self, X: Texts, y: Any = None, **fit_params: Any) -> FloatMatrix:
        """Fit, then return the TF-IDF matrix of the same texts, shape (n_texts, n_features), float64.

        Raises
        ------
        ValueError
            If there are more n-grams of that many stems than 64 bits can number.
        """
        tokens = tokenize(X)
        stems = stem(tokens.forms, self.stems)
        self.__dict__.pop("_is_char", None)
        terms = self._distinct_terms(tokens, stems)
        self._index(terms)
        counts = self._counts(tokens, stems)
        df = np.bincount(counts.indices, minlength=len(terms))
        keep = np.flatnonzero(df >= self.min_df)
        self.terms_ = np.array(terms, dtype=object)[keep]
        n_texts = counts.shape[0]
        self.idf_ = np.log((1 + n_texts) / (1 + df[keep])) + 1
        self.stems_ = dict(zip(tokens.forms, stems, strict=True))
        self._index(self.terms_.tolist())
        return self._weighted(counts[:, keep], tokens)

    @property
    def weights_(self) -> npt.NDArray[np.float64]:
        """Factor of each column: its idf, times ``char_weight`` for character n-grams; shape (n_features,)."""
        if not hasattr(self, "_is_char"):
            self._is_char = np.array([term[0] == "c" for term in self.terms_], dtype=bool)
        return np.where(self._is_char, self.char_weight, 1.0) * self.idf_

    def transform(self, X: Texts) -> FloatMatrix:
        """TF-IDF matrix of a column of texts, shape (n_texts, n_features), float64."""
        check_is_fitted(self, "terms_")
        if not hasattr(self, "_vocabulary"):  # unpickled
            self._index(self.terms_.tolist())
        tokens = tokenize(X)
        return self._weighted(self._counts(tokens, stem(tokens.forms, self.stems_)), tokens)

    def get_feature_names_out(self, input_features: Any = None) -> npt.NDArray[np.object_]:
        """Terms in the order of the columns."""
        check_is_fitted(self, "terms_")
        return self.terms_

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.string = True
        tags.input_tags.two_d_array = False
        tags.target_tags.required = False
        return tags

    def __getstate__(self) -> dict[str, Any]:
        state = super().__getstate__()
        return {
            k: v for k, v in state.items() if k not in {"_vocabulary", "_stem_ids", "_keys", "_key_terms", "_is_char"}
        }

    def _distinct_terms(self, tokens: Tokens, stems: list[str]) -> list[str]:
        """Every term of the texts, sorted."""
        terms = {f"c:{gram}" for form in tokens.forms for gram in char_ngrams(form, self.char_ngram_range)}
        names, stem_ids = np.unique(np.array(stems, dtype=object), return_inverse=True)
        low, high = self.word_ngram_range
        for n in range(low, high + 1):
            grams, _ = _windows(stem_ids[tokens.ids] if len(names) else tokens.ids, tokens.offsets, n)
            for gram in np.unique(grams, axis=0).tolist():
                terms.add("w:" + " ".join(names[i] for i in gram))
        return sorted(terms)

    def _index(self, terms: list[str]) -> None:
        """Prepare the look-ups from terms to columns; stem n-grams as integer keys."""
        self._vocabulary = {term: column for column, term in enumerate(terms)}
        grams = [(column, term[2:].split(" ")) for term, column in self._vocabulary.items() if term[0] == "w"]
        self._stem_ids: dict[str, int] = {}
        for _, gram in grams:
            for part in gram:
                self._stem_ids.setdefault(part, len(self._stem_ids) + 1)
        longest = self.word_ngram_range[1]
        if (len(self._stem_ids) + 1) ** longest >= 2**63:
            raise ValueError(
                f"word_ngram_range {self.word_ngram_range}: n-grams of {longest} out of {len(self._stem_ids)} stems "
                "cannot be numbered in 64 bits; choose a shorter range"
            )
        keyed = sorted((self._key([self._stem_ids[part] for part in gram]), column) for column, gram in grams)
        self._keys = np.array([key for key, _ in keyed], dtype=np.int64)
        self._key_terms = np.array([column for _, column in keyed], dtype=np.int64)

    def _key(self, ids: Iterable[Any]) -> Any:
        return ngram_key(ids, len(self._stem_ids))

    def _counts(self, tokens: Tokens, stems: list[str]) -> FloatMatrix:
        """Count of every known term in every text."""
        n_texts, n_terms = len(tokens.offsets) - 1, len(self._vocabulary)
        words = sp.csr_matrix(
            (np.ones(len(tokens.ids)), tokens.ids, tokens.offsets), shape=(n_texts, len(tokens.forms))
        )
        counts = words @ self._chars_of(tokens.forms)
        ids = np.array([self._stem_ids.get(name, 0) for name in stems], dtype=np.int64)
        rows_of_tokens = np.repeat(np.arange(n_texts), np.diff(tokens.offsets))
        low, high = self.word_ngram_range
        rows, columns = [], []
        for n in range(low, high + 1):
            grams, starts = _windows(ids[tokens.ids] if len(ids) else tokens.ids, tokens.offsets, n)
            known = np.flatnonzero((grams > 0).all(axis=1))
            keys = self._key(grams[known].T) if len(known) else np.zeros(0, dtype=np.int64)
            at = np.searchsorted(self._keys, keys)
            hit = np.flatnonzero(np.append(self._keys, -1)[at] == keys)
            rows.append(rows_of_tokens[starts[known[hit]]])
            columns.append(self._key_terms[at[hit]])
        row, column = np.concatenate(rows), np.concatenate(columns)
        counts = counts + sp.csr_matrix((np.ones(len(row)), (row, column)), shape=(n_texts, n_terms))
        counts.sort_indices()
        return sp.csr_matrix(counts)

    def _chars_of(self, words: list[str]) -> FloatMatrix:
        """Counts of the known character n-grams of each word, shape (n_words, n_features)."""
        indices: list[int] = []
        values: list[int] = []
        lengths = np.zeros(len(words), dtype=np.int64)
        for i, word in enumerate(words):
            for gram, count in Counter(char_ngrams(word, self.char_ngram_range)).items():
                column = self._vocabulary.get(f"c:{gram}")
                if column is not None:
                    indices.append(column)
                    values.append(count)
                    lengths[i] += 1
        return sp.csr_matrix(
            (np.array(values, dtype=np.float64), np.array(indices, dtype=np.int64), offsets_of(lengths)),
            shape=(len(words), len(self._vocabulary)),
        )

    def _weighted(self, counts: FloatMatrix, tokens: Tokens) -> FloatMatrix:
        scale = length_scale(np.diff(tokens.offsets), self.length_offset)
        return sp.csr_matrix(sp.diags_array(scale) @ counts @ sp.diags_array(self.weights_))


class TurnFeatures(TransformerMixin, BaseEstimator):
    """Features of an officer turn beside features of its own for what the customer said before.

    Parameters
    ----------
    word_ngram_range, char_ngram_range, char_weight, length_offset, min_df
        Of the turn's :class:`StemTfidfVectorizer`.
    context_weight : float, default=0.6
        Factor on the stems (unigrams) of the context; 0 leaves the context out.

    Attributes
    ----------
    text_, context_ : StemTfidfVectorizer
        Fitted on the turns and on their contexts.
    """

    def __init__(
        self,
        word_ngram_range: tuple[int, int] = (1, 2),
        char_ngram_range: tuple[int, int] | None = (2, 5),
        char_weight: float = 0.2,
        length_offset: float = 10,
        context_weight: float = 0.6,
        min_df: int = 2,
    ) -> None:
        self.word_ngram_range = word_ngram_range
        self.char_ngram_range = char_ngram_range
        self.char_weight = char_weight
        self.length_offset = length_offset
        self.context_weight = context_weight
        self.min_df = min_df

    def fit(self, X: Any, y: Any = None) -> Self:
        """Fit on a DataFrame with ``text`` and, if present, ``context``; or on a column of texts alone."""
        self.fit_transform(X, y)
        return self

    def fit_transform(self, X: Any, y: Any = None, **fit_params: Any) -> FloatMatrix:
        """Fit, then return the features of the same turns, shape (n_turns, n_features)."""
        text, context = _columns(X)
        self.text_, self.context_ = self.vectorizers()
        of_text = self.text_.fit_transform(text)
        self.context_.set_params(stems=self.text_.stems_)
        return self._joined(of_text, self.context_.fit_transform(context))

    def vectorizers(self) -> tuple[StemTfidfVectorizer, StemTfidfVectorizer]:
        """Unfitted vectorizers of the turn and of its context."""
        text = StemTfidfVectorizer(
            self.word_ngram_range, self.char_ngram_range, self.char_weight, self.length_offset, self.min_df
        )
        return text, StemTfidfVectorizer((1, 1), None, length_offset=self.length_offset, min_df=self.min_df)

    def transform(self, X: Any) -> FloatMatrix:
        """Features of turns given as in :meth:`fit`, shape (n_turns, n_features), float64."""
        check_is_fitted(self, "text_")
        text, context = _columns(X)
        return self._joined(self.text_.transform(text), self.context_.transform(context))

    def get_feature_names_out(self, input_features: Any = None) -> npt.NDArray[np.object_]:
        """Terms in the order of the columns, those of the context with ``context:`` before them."""
        check_is_fitted(self, "text_")
        return np.concatenate([self.text_.terms_, "context:" + self.context_.terms_])

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.string = True
        tags.input_tags.two_d_array = False
        tags.target_tags.required = False
        return tags

    def _joined(self, text: FloatMatrix, context: FloatMatrix) -> FloatMatrix:
        return sp.hstack([text, self.context_weight * context], format="csr")


def _columns(X: Any) -> tuple[Texts, Texts]:
    """Texts and contexts of turns; a missing context is empty."""
    if isinstance(X, pd.DataFrame):
        return X["text"], X["context"] if "context" in X else [""] * len(X)
    return X, [""] * len(X)


def _windows(
    ids: npt.NDArray[np.int64], offsets: npt.NDArray[np.int64], n: int
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """All runs of ``n`` ids that lie inside one text, shape (n_windows, n), and where each starts."""
    if len(ids) < n:
        return np.zeros((0, n), dtype=np.int64), np.zeros(0, dtype=np.int64)
    starts = np.arange(len(ids) - n + 1)
    text_ends = np.repeat(offsets[1:], np.diff(offsets))
    starts = starts[starts + n <= text_ends[starts]]
    return np.lib.stride_tricks.sliding_window_view(ids, n)[starts], starts
