"""What every word adds to every label's log-odds, known before a text is read.

The features of a turn are linear in its words but for the length scale, and so is the model over them. So the
share of a word (its stem, its character n-grams, their idf and weights, the calibration's slope) is eight numbers,
worked out once per distinct chunk of text between white space and remembered; a column of texts is then one sparse
product of chunk counts with those numbers, plus the stem n-grams that span words. The result is that of
``classifier.decision_function(features.transform(turns))``, which the tests hold it to.
"""

from __future__ import annotations

from collections.abc import Iterable
from itertools import chain, count, repeat
from threading import Lock
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
import scipy.sparse as sp

from etikanlp.text import Texts, as_arrow, char_ngrams, forms_of_chunk, ngram_key, offsets_of, stem, take_ragged
from etikanlp.weights import Floats, TermWeights, Weights, length_scale

Ints = npt.NDArray[np.int64]

_REMEMBERED: Final = 100_000
"""Distinct chunks kept, and distinct forms; when there are more they are forgotten, which bounds memory at some 25 MB
each. What a chunk is made of is soon looked up again; only the forms are costly."""


class TurnScores:
    """Log-odds of turns by table look-up; several threads may ask at once."""

    def __init__(self, weights: Weights) -> None:
        self._one_at_a_time = Lock()
        self._baseline = weights.baseline
        self._text = _WordScores(weights.text)
        self._context = _WordScores(weights.context)

    def log_odds(self, text: Texts, context: Texts) -> Floats:
        """Calibrated log-odds of every label, shape (n_turns, n_labels)."""
        with self._one_at_a_time:  # the tables of words met grow
            try:
                return self._baseline + self._text(text) + self._context(context)
            except BaseException:  # Ctrl-C too: what was half learnt would make every later answer wrong
                self._text.forget()
                self._context.forget()
                raise


class _WordScores:
    """The share of a column of texts in the log-odds, shape (n_texts, n_labels)."""

    def __init__(self, weights: TermWeights) -> None:
        self._weights = weights
        grams = pc.split_pattern(pa.array([*weights.row_of_stems], pa.string()), " ")
        row_of_gram = np.fromiter(weights.row_of_stems.values(), dtype=np.int64)
        stems = grams.flatten().dictionary_encode()
        self._stem_id = {name: i for i, name in enumerate(stems.dictionary.to_pylist(), 1)}
        ids, lengths = stems.indices.to_numpy() + 1, grams.value_lengths().to_numpy()
        starts = offsets_of(lengths)[:-1]
        self._spanning = {}
        for n in range(2, int(lengths.max(initial=1)) + 1):
            of_length = np.flatnonzero(lengths == n)
            keys = self._key(ids[starts[of_length] + i].astype(np.int64) for i in range(n))
            self._spanning[n] = _sieved(keys, weights.values[row_of_gram[of_length]])
        self.forget()

    def __call__(self, texts: Texts) -> Floats:
        split = pc.utf8_split_whitespace(as_arrow(texts))
        chunks = split.flatten().dictionary_encode()
        ids = self._known(chunks.dictionary.to_pylist())[chunks.indices.to_numpy()]
        offsets = split.offsets.to_numpy().astype(np.int64)
        stems, stem_offsets = take_ragged(self._stems.rows, self._ends.rows, ids)
        scores = _sums(ids, offsets, self._scores.rows)
        if self._spanning:
            scores = scores + self._of_spanning(stems, stem_offsets[offsets])
        n_tokens = np.diff(stem_offsets[offsets])
        return scores * length_scale(n_tokens, self._weights.length_offset)[:, None]

    def _key(self, ids: Iterable[Ints]) -> Any:
        return ngram_key(ids, len(self._stem_id))

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

    def forget(self) -> None:
        """Start again with no word met."""
        self._forget_forms()
        self._forget_chunks()

    def _forget_chunks(self) -> None:
        self._chunk_id: dict[str, int] = {}
        self._scores = _Growing(np.zeros((0, self._weights.values.shape[1])))
        self._stems = _Growing(np.zeros(0, dtype=np.int64))
        self._ends = _Growing(np.zeros(1, dtype=np.int64))

    def _forget_forms(self) -> None:
        self._form_id: dict[str, int] = {}
        self._form_scores = _Growing(np.zeros((0, self._weights.values.shape[1])))
        self._form_stem = _Growing(np.zeros(0, dtype=np.int64))

    def _known(self, chunks: list[str]) -> Ints:
        """Positions of the chunks in the tables of what is known, new ones added."""
        new = [chunk for chunk in chunks if chunk not in self._chunk_id]
        if self._chunk_id and len(self._chunk_id) + len(new) > _REMEMBERED:
            self._forget_chunks()
            new = chunks
        if new:
            self._learn(new)
        return np.fromiter((self._chunk_id[chunk] for chunk in chunks), dtype=np.int64, count=len(chunks))

    def _learn(self, chunks: list[str]) -> None:
        forms_of = [forms_of_chunk(chunk) for chunk in chunks]
        if len(self._form_id) > _REMEMBERED:
            self._forget_forms()
        self._learn_forms([form for forms in forms_of for form in forms])
        ids = np.array([self._form_id[form] for forms in forms_of for form in forms], dtype=np.int64)
        offsets = offsets_of(np.array([len(forms) for forms in forms_of], dtype=np.int64))
        self._chunk_id.update(zip(chunks, count(len(self._chunk_id))))
        self._scores.extend(_sums(ids, offsets, self._form_scores.rows))
        self._stems.extend(self._form_stem.rows[ids])
        self._ends.extend(self._ends.rows[-1] + offsets[1:])

    def _learn_forms(self, forms: list[str]) -> None:
        new = [form for form in dict.fromkeys(forms) if form not in self._form_id]
        names, char_range = stem(new, self._weights.stems), self._weights.char_ngram_range
        of_stem, of_chars = self._weights.row_of_stems.get, self._weights.row_of_chars.get
        rows_of = [
            [of_stem(name, -1), *map(of_chars, char_ngrams(form, char_range), repeat(-1))]
            for form, name in zip(new, names, strict=True)
        ]
        rows = np.fromiter(chain.from_iterable(rows_of), dtype=np.int64)
        owner = np.repeat(np.arange(len(new)), [len(rows) for rows in rows_of])[rows >= 0]
        offsets = offsets_of(np.bincount(owner, minlength=len(new)))
        self._form_id.update(zip(new, count(len(self._form_id))))
        self._form_scores.extend(_sums(rows[rows >= 0], offsets, self._weights.values))
        self._form_stem.extend(np.array([self._stem_id.get(name, 0) for name in names], dtype=np.int64))


class _Growing:
    """An array that rows are added to; room is doubled when it is full, so that adding one by one stays cheap."""

    def __init__(self, rows: npt.NDArray[Any]) -> None:
        self._array, self._n = rows, len(rows)

    @property
    def rows(self) -> npt.NDArray[Any]:
        return self._array[: self._n]

    def extend(self, rows: npt.NDArray[Any]) -> None:
        needed = self._n + len(rows)
        if needed > len(self._array):
            larger = np.empty((max(needed, 2 * len(self._array)), *rows.shape[1:]), rows.dtype)
            larger[: self._n] = self.rows
            self._array = larger
        self._array[self._n : needed] = rows
        self._n = needed


def _sums(ids: Ints, offsets: Ints, rows: Floats) -> Floats:
    """Sum of the rows of each stretch of ``ids``, shape (n_stretches, n_labels), as one sparse product."""
    counts = sp.csr_array((np.ones(len(ids)), ids, offsets), shape=(len(offsets) - 1, len(rows)))
    return np.asarray(counts @ rows)


def _sieved(keys: Ints, scores: Floats) -> tuple[Ints, Floats, npt.NDArray[np.bool_]]:
    """Keys in ascending order, their scores, and a sieve of the keys' hashes."""
    order = np.argsort(keys)
    sieve = np.zeros(1 << 22, dtype=bool)
    sieve[_hash(keys)] = True
    return keys[order], scores[order], sieve


def _hash(keys: Ints) -> Ints:
    """22 bits of every key (Knuth's multiplicative hash)."""
    return ((keys * np.int64(-7046029254386353131)) >> np.int64(42)) & np.int64((1 << 22) - 1)
