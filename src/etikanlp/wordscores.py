"""What every word adds to every label's log-odds, known before a text is read.

The features of a turn are linear in its words but for the length scale, and so is the model over them. So the
share of a word (its stem, its character n-grams, their idf and weights, the calibration's slope) is eight numbers,
worked out once per distinct chunk of text between white space and remembered; a column of texts is then one sparse
product of chunk counts with those numbers, plus the stem n-grams that span words. The result is that of
``classifier.decision_function(features.transform(turns))``, which the tests hold it to.
"""

from __future__ import annotations

from bisect import bisect_left
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
import scipy.sparse as sp

from etikanlp.text import Texts, as_arrow, char_ngrams, offsets_of, pieces, stem, take_ragged
from etikanlp.weights import Floats, TermWeights, Weights, length_scale

Ints = npt.NDArray[np.int64]

_REMEMBERED: Final = 1_000_000
"""Distinct chunks kept; when there are more all are forgotten, which bounds memory at some 200 MB."""


class TurnScores:
    """Log-odds of turns by table look-up."""

    def __init__(self, weights: Weights) -> None:
        self._baseline = weights.baseline
        self._text = _WordScores(weights.text)
        self._context = _WordScores(weights.context)

    def log_odds(self, text: Texts, context: Texts) -> Floats:
        """Calibrated log-odds of every label, shape (n_turns, n_labels)."""
        return self._baseline + self._text(text) + self._context(context)


class _WordScores:
    """The share of a column of texts in the log-odds, shape (n_texts, n_labels)."""

    def __init__(self, weights: TermWeights) -> None:
        self._weights = weights
        words = bisect_left(weights.terms, "w:")  # sorted: character n-grams first
        grams = pc.split_pattern(pa.array([term[2:] for term in weights.terms[words:]], pa.string()), " ")
        stems = grams.flatten().dictionary_encode()
        self._stem_id = {name: i for i, name in enumerate(stems.dictionary.to_pylist(), 1)}
        ids, lengths = stems.indices.to_numpy() + 1, grams.value_lengths().to_numpy()
        starts = offsets_of(lengths)[:-1]
        self._spanning = {}
        for n in range(2, int(lengths.max(initial=1)) + 1):
            rows = np.flatnonzero(lengths == n)
            keys = self._key(ids[starts[rows] + i].astype(np.int64) for i in range(n))
            self._spanning[n] = _sieved(keys, weights.values[words + rows])
        self._forget()

    def __call__(self, texts: Texts) -> Floats:
        split = pc.utf8_split_whitespace(as_arrow(texts))
        chunks = split.flatten().dictionary_encode()
        known = self._known(chunks.dictionary.to_pylist())
        ids = known[chunks.indices.to_numpy()]
        offsets = split.offsets.to_numpy().astype(np.int64)
        n_tokens = np.diff(offsets_of(self._n_tokens[ids])[offsets])
        counts = sp.csr_array((np.ones(len(ids)), ids, offsets), shape=(len(offsets) - 1, self._n))
        scores = counts @ self._scores[: self._n]
        if self._spanning:
            stems, stem_offsets = take_ragged(self._stems, self._stem_offsets, ids)
            scores = scores + self._of_spanning(stems, stem_offsets[offsets])
        return scores * length_scale(n_tokens, self._weights.length_offset)[:, None]

    def _key(self, ids: Any) -> Any:
        base, key = len(self._stem_id) + 1, 0
        for i in ids:
            key = key * base + i
        return key

    def _of_spanning(self, stems: Ints, offsets: Ints) -> Floats:
        """Share of the stem n-grams of more than one word."""
        n_texts = len(offsets) - 1
        row = np.repeat(np.arange(n_texts), np.diff(offsets))
        total = np.zeros((n_texts, self._weights.values.shape[1]))
        for n, (keys, scores, sieve) in self._spanning.items():
            if len(stems) < n:
                continue
            last = len(stems) - n + 1
            inside = row[:last] == row[n - 1 :]
            for i in range(n):
                inside &= stems[i : last + i] > 0
            starts = np.flatnonzero(inside)
            wanted = self._key([stems[starts + i] for i in range(n)])
            passed = np.flatnonzero(sieve[_hash(wanted)])
            at = np.searchsorted(keys, wanted[passed])
            hit = np.flatnonzero(np.append(keys, -1)[at] == wanted[passed])
            rows, columns = row[starts[passed[hit]]], at[hit]
            found = sp.csr_array((np.ones(len(rows)), (rows, columns)), shape=(n_texts, len(keys)))
            total += found @ scores
        return total

    def _forget(self) -> None:
        self._index: dict[str, int] = {}
        self._n = 0
        self._scores = np.zeros((1024, self._weights.values.shape[1]))
        self._n_tokens = np.zeros(1024, dtype=np.int64)
        self._stems = np.zeros(0, dtype=np.int64)
        self._stem_offsets = np.zeros(1, dtype=np.int64)
        self._form_scores: dict[str, tuple[int, Floats]] = {}

    def _known(self, chunks: list[str]) -> Ints:
        """Positions of the chunks in the tables of what is known, new ones added."""
        if self._n + len(chunks) > _REMEMBERED and self._n:
            self._forget()
        new = [chunk for chunk in chunks if chunk not in self._index]
        if new:
            self._learn(new)
        return np.fromiter((self._index[chunk] for chunk in chunks), dtype=np.int64, count=len(chunks))

    def _learn(self, chunks: list[str]) -> None:
        forms_of = [[piece.form for piece in pieces(chunk)] for chunk in chunks]
        fresh = list(dict.fromkeys(form for forms in forms_of for form in forms if form not in self._form_scores))
        for form, name in zip(fresh, stem(fresh, self._weights.stems), strict=True):
            terms = [f"w:{name}", *(f"c:{gram}" for gram in char_ngrams(form, self._weights.char_ngram_range))]
            rows = [self._weights.rows[term] for term in terms if term in self._weights.rows]
            self._form_scores[form] = self._stem_id.get(name, 0), self._weights.values[rows].sum(axis=0)
        needed = self._n + len(chunks)
        if needed > len(self._scores):
            room = max(needed, 2 * len(self._scores)) - self._n
            self._scores = np.vstack([self._scores[: self._n], np.zeros((room, self._scores.shape[1]))])
            self._n_tokens = np.concatenate([self._n_tokens[: self._n], np.zeros(room, dtype=np.int64)])
        flat: list[int] = []
        for i, (chunk, forms) in enumerate(zip(chunks, forms_of, strict=True), self._n):
            self._index[chunk] = i
            self._n_tokens[i] = len(forms)
            for form in forms:
                stem_id, scores = self._form_scores[form]
                flat.append(stem_id)
                self._scores[i] += scores
        lengths = np.array([len(forms) for forms in forms_of], dtype=np.int64)
        self._stems = np.concatenate([self._stems, np.array(flat, dtype=np.int64)])
        self._stem_offsets = np.concatenate([self._stem_offsets, self._stem_offsets[-1] + offsets_of(lengths)[1:]])
        self._n = needed


def _sieved(keys: Ints, scores: Floats) -> tuple[Ints, Floats, npt.NDArray[np.bool_]]:
    """Keys in ascending order, their scores, and a sieve of the keys' hashes."""
    order = np.argsort(keys)
    sieve = np.zeros(1 << 22, dtype=bool)
    sieve[_hash(keys)] = True
    return keys[order], scores[order], sieve


def _hash(keys: Ints) -> Ints:
    """22 bits of every key (Knuth's multiplicative hash)."""
    return ((keys * np.int64(-7046029254386353131)) >> np.int64(42)) & np.int64((1 << 22) - 1)
