"""Annotated interactions: read, check to the line, count, and measure agreement between annotators.

One JSON object a line, as the codebook lays down, in ``data/annotated/*.jsonl``. Beyond the codebook's fields an
interaction names its ``writer`` (folds are grouped by it) and its ``register``; an officer turn may say that its
violation is ``implicit``, for which labels it is a ``hard`` negative, to which minimal ``pair`` it belongs, and,
where adjudication changed the first annotator's labels, what those were (``first_labels``).
Blind second annotations lie in ``second/``, one file a writer: ``interaction_id``, ``turn``, ``labels``.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, Final, NamedTuple

import numpy as np
import pandas as pd

from etikanlp.codebook import CHANNELS, LABELS, SPEAKERS, VIOLATIONS
from etikanlp.errors import CorpusError
from etikanlp.text import forms, groups, whole
from etikanlp.transcripts import with_context

REGISTERS: Final = ("formal", "script", "warm", "cold", "casual", "slang", "regional", "mixed", "asr")
HARD: Final = (
    "cust", "quote", "group", "law", "prio", "fee", "gift", "otp", "formula", "paham", "vague", "refer", "sarc",
    "neg", "hon", "firm", "curt",
)  # fmt: skip
"""Kinds of hard negatives; ``data/annotated/README.md`` says what each means."""

NEAR_DUPLICATE: Final = 0.85
"""Cosine similarity of character 4-gram TF-IDF from which two officer turns count as near-duplicates."""
NEAR_DUPLICATE_LENGTH: Final = 40
"""Characters below which turns are not compared: short routine turns repeat in real talk too."""

_INTERACTION_FIELDS: Final = {"interaction_id", "channel", "sector", "scenario", "turns"}
_INTERACTION_EXTRAS: Final = {"writer", "register"}
_TURN_EXTRAS: Final = {"implicit", "hard", "pair", "first_labels"}


class Problem(NamedTuple):
    """A breach of the format, with its place."""

    file: str
    line: int
    turn: int
    message: str

    def __str__(self) -> str:
        place = f"{self.file}:{self.line}" + (f": turn {self.turn}" if self.turn else "")
        return f"{place}: {self.message}"


def files(corpus: str | Path) -> list[Path]:
    """Annotated files of a corpus: one file, or every ``*.jsonl`` of a folder, sorted.

    Raises
    ------
    CorpusError
        If there are none.
    """
    corpus = Path(corpus)
    found = [corpus] if corpus.is_file() else sorted(corpus.glob("*.jsonl"))
    if not found:
        raise CorpusError(
            f"{corpus}: no annotated file (*.jsonl) here; give the corpus folder, for example data/annotated"
        )
    return found


def fingerprint(corpus: str | Path) -> str:
    """SHA-256 over the names and contents of the corpus files."""
    digest = hashlib.sha256()
    for path in files(corpus):
        digest.update(path.name.encode() + b"\0" + hashlib.sha256(path.read_bytes()).digest())
    return digest.hexdigest()


def read(corpus: str | Path) -> pd.DataFrame:
    """Officer turns of a corpus with their labels.

    Returns
    -------
    DataFrame
        A row an officer turn: ``interaction_id``, ``turn``, ``text``, ``context``, ``officer_id``, ``channel``,
        ``sector``, ``scenario``, ``writer``, ``register``, ``implicit``, ``hard``, ``pair``, ``file``, then one bool
        column per label in the codebook's order, and one ``first_<label>``: what the first annotator had given.

    Raises
    ------
    CorpusError
        Naming file, line and turn of the first breach of the format.
    """
    problems = list(_check_format(corpus))
    if problems:
        more = f" (and {len(problems) - 1} more; run: etikanlp corpus check)" if len(problems) > 1 else ""
        raise CorpusError(f"{problems[0]}{more}")
    rows = []
    for file, _, interaction in _interactions(corpus):
        shared = {
            "interaction_id": interaction["interaction_id"],
            "channel": interaction["channel"],
            "sector": interaction["sector"],
            "scenario": interaction["scenario"],
            "writer": interaction.get("writer", file),
            "register": interaction.get("register", ""),
            "file": file,
        }
        for number, turn in enumerate(interaction["turns"], 1):
            given = set(turn.get("labels", ()))
            first = set(turn.get("first_labels", given))
            rows.append(
                shared
                | {
                    "turn": number,
                    "speaker": turn["speaker"],
                    "text": turn["text"],
                    "officer_id": turn.get("officer_id", ""),
                    "implicit": turn.get("implicit", False),
                    "hard": ",".join(turn.get("hard", ())),
                    "pair": turn.get("pair", ""),
                }
                | {label: label in given for label in LABELS}
                | {f"first_{label}": label in first for label in LABELS}
            )
    return with_context(pd.DataFrame(rows))


def check(corpus: str | Path) -> list[Problem]:
    """Every breach of the format, near-duplicate and template-like turns included."""
    problems = list(_check_format(corpus))
    return problems or [*_near_duplicates(corpus)]


def _interactions(corpus: str | Path) -> Iterator[tuple[str, int, dict[str, Any]]]:
    for path in files(corpus):
        for number, line in _lines(path):
            yield path.name, number, json.loads(line.decode())


def _lines(path: Path) -> Iterator[tuple[int, bytes]]:
    """Lines that hold something, with their number; only a line feed ends one, for every reader alike."""
    return ((number, line) for number, line in enumerate(path.read_bytes().split(b"\n"), 1) if line.strip())


def _check_format(corpus: str | Path) -> Iterator[Problem]:
    seen: dict[str, str] = {}
    writer_of: dict[str, str] = {}
    for path in files(corpus):
        if not path.read_bytes().strip():
            yield Problem(path.name, 1, 0, "no interaction in this file")
        for number, line in _lines(path):
            try:
                interaction = json.loads(line.decode())
            except (ValueError, RecursionError) as error:
                yield Problem(path.name, number, 0, f"not a JSON object in UTF-8: {error}")
                continue
            for turn, message in _breaches(interaction):
                yield Problem(path.name, number, turn, message)
            if not isinstance(interaction, dict):
                continue
            name = str(interaction.get("interaction_id"))
            if name in seen:
                yield Problem(path.name, number, 0, f"interaction_id {name!r} stands already at {seen[name]}")
            seen[name] = f"{path.name}:{number}"
            scenario, writer = str(interaction.get("scenario")), str(interaction.get("writer", path.name))
            if writer_of.setdefault(scenario, writer) != writer:
                message = f"scenario {scenario!r} is also of writer {writer_of[scenario]!r}; folds need it to be of one"
                yield Problem(path.name, number, 0, message)


def _breaches(interaction: Any) -> Iterator[tuple[int, str]]:
    """Turn number (0 for the interaction itself) and what is wrong with it."""
    if not isinstance(interaction, dict):
        yield 0, "not a JSON object"
        return
    for field in sorted(_INTERACTION_FIELDS - set(interaction)):
        yield 0, f"field {field!r} is missing"
    for field in sorted(set(interaction) - _INTERACTION_FIELDS - _INTERACTION_EXTRAS):
        yield 0, f"unknown field {field!r}"
    for field in ("interaction_id", "sector", "scenario", "writer"):
        value = interaction.get(field, "x")
        flaw = "is empty" if value is None or not str(value).strip() else _flaw(value)
        if flaw:
            yield 0, f"field {field!r} {flaw}"
    if "channel" in interaction and interaction["channel"] not in CHANNELS:
        yield 0, f"unknown channel {interaction['channel']!r}; one of {', '.join(CHANNELS)}"
    if interaction.get("register", "mixed") not in REGISTERS:
        yield 0, f"unknown register {interaction['register']!r}; one of {', '.join(REGISTERS)}"
    turns = interaction.get("turns", [])
    if not isinstance(turns, list) or not turns:
        yield 0, "turns is empty"
        return
    if not any(isinstance(turn, dict) and turn.get("speaker") == "officer" for turn in turns):
        yield 0, "no officer turn"
    for number, turn in enumerate(turns, 1):
        yield from ((number, message) for message in _turn_breaches(turn))


def _flaw(value: Any) -> str:
    """What keeps a value from being a text; empty if nothing does."""
    if not isinstance(value, str):
        return "is not a text"
    return "holds half a character (a cut emoji)" if whole(value) != value else ""


def _turn_breaches(turn: Any) -> Iterator[str]:
    if not isinstance(turn, dict):
        yield "not a JSON object"
        return
    speaker = turn.get("speaker")
    if speaker not in SPEAKERS:
        yield f"unknown speaker {speaker!r}; one of {', '.join(SPEAKERS)}"
    text = turn.get("text") or ""
    if flaw := _flaw(text):
        yield f"text {flaw}"
    elif not text.strip():
        yield "empty text"
    for field in ("labels", "first_labels", "hard"):
        if field in turn and not (isinstance(turn[field], list) and all(isinstance(x, str) for x in turn[field])):
            yield f"{field} is not a list of texts"
            return
    if speaker != "officer":
        for field in sorted(set(turn) - {"speaker", "text"}):
            known = field in {"labels", "officer_id", *_TURN_EXTRAS}
            yield f"{field} on a {speaker} turn; only officer turns carry it" if known else f"unknown field {field!r}"
        return
    for field in sorted(set(turn) - {"speaker", "text", "officer_id", "labels"} - _TURN_EXTRAS):
        yield f"unknown field {field!r}"
    yield from (f"{field} {flaw}" for field in ("officer_id", "pair") if (flaw := _flaw(turn.get(field, ""))))
    if not isinstance(turn.get("implicit", False), bool):
        yield "implicit is neither true nor false"
    if not str(turn.get("officer_id") or "").strip():
        yield "officer turn without officer_id"
    if "labels" not in turn:
        yield "officer turn without labels (a list, empty where none applies)"
    for label in [*(turn.get("labels") or ()), *turn.get("first_labels", ())]:
        if label not in LABELS:
            yield f"unknown label {label!r}; one of {', '.join(LABELS)}"
    for kind in turn.get("hard", ()):
        if kind not in HARD:
            yield f"unknown kind of hard negative {kind!r}; one of {', '.join(HARD)}"


def skeleton(text: str) -> str:
    """The text with numbers and capitalised words (but for the first) blanked: what a template leaves alike."""
    blanked = re.sub(r"\d[\d.,:/-]*", "0", text.strip())
    return re.sub(r"(?<=\s)[A-Z][\w'’-]*", "X", blanked).lower()


def _near_duplicates(corpus: str | Path) -> Iterator[Problem]:
    """Pairs of longer officer turns that are nearly the same, declared minimal pairs excepted."""
    from sklearn.feature_extraction.text import TfidfVectorizer  # noqa: PLC0415

    turns = [
        (file, line, number, turn)
        for file, line, interaction in _interactions(corpus)
        for number, turn in enumerate(interaction["turns"], 1)
        if turn["speaker"] == "officer" and len(turn["text"]) >= NEAR_DUPLICATE_LENGTH
    ]
    if len(turns) < 2:
        return
    texts = [turn["text"] for *_, turn in turns]
    grams = TfidfVectorizer(analyzer="char_wb", ngram_range=(4, 4), dtype=np.float32).fit_transform(texts)
    skeletons = [skeleton(text) for text in texts]
    of_skeleton: dict[str, int] = {}
    for start in range(0, len(turns), 500):
        alike = (grams[start : start + 500] @ grams.T).tocoo()
        near = alike.data >= NEAR_DUPLICATE
        close = {(start + i, j): s for i, j, s in zip(alike.row[near], alike.col[near], alike.data[near], strict=True)}
        for i in range(start, min(start + 500, len(turns))):
            twin = of_skeleton.setdefault(skeletons[i], i)
            if twin != i:
                close.setdefault((i, twin), 0.0)
        for (i, j), similarity in sorted(close.items()):
            a, b = turns[i], turns[j]
            pair = a[3].get("pair")
            if j >= i or (pair and pair == b[3].get("pair")):
                continue
            how = f"near-duplicate ({similarity:.2f})" if similarity else "same but for names and numbers"
            yield Problem(a[0], a[1], a[2], f"{how} of {b[0]}:{b[1]} turn {b[2]}: {b[3]['text'][:60]!r}")


def stats(corpus: str | Path) -> dict[str, pd.DataFrame]:
    """Counts of what is in a corpus, as tables by name."""
    turns = read(corpus)
    labels = turns[list(LABELS)].astype(bool)
    violation = labels[list(VIOLATIONS)].any(axis=1)
    hard = turns["hard"].str.split(",").explode()
    totals = {
        "files": len(files(corpus)),
        "writers": turns["writer"].nunique(),
        "sectors": turns["sector"].nunique(),
        "scenarios": turns["scenario"].nunique(),
        "interactions": turns["interaction_id"].nunique(),
        "officer turns": len(turns),
        "without label (%)": round(100 * (~labels.any(axis=1)).mean(), 1),
        "speech recognition (%)": round(100 * (turns["register"] == "asr").mean(), 1),
        "violation turns": int(violation.sum()),
        "of these implicit (%)": round(100 * turns.loc[violation, "implicit"].mean(), 1),
        "hard negatives": int((turns["hard"] != "").sum()),
        "minimal pairs": turns.loc[turns["pair"] != "", "pair"].nunique(),
    }
    by_label = pd.DataFrame(
        {
            "turns": labels.sum(),
            "share (%)": (100 * labels.mean()).round(1),
            "interactions": labels.groupby(turns["interaction_id"]).any().sum(),
            "writers": labels.groupby(turns["writer"]).any().sum(),
        }
    )
    return {
        "totals": pd.DataFrame({"count": pd.Series(totals, dtype=object)}),
        "labels": by_label,
        "channels": _by(turns, "channel"),
        "sectors": _by(turns, "sector"),
        "registers": _by(turns, "register"),
        "hard negatives": hard[hard != ""].value_counts().to_frame("turns"),
        "groups named": group_balance(turns),
        "leaking words": leaking_words(turns),
    }


def _by(turns: pd.DataFrame, column: str) -> pd.DataFrame:
    grouped = turns.groupby(column)
    return pd.DataFrame({"interactions": grouped["interaction_id"].nunique(), "officer turns": grouped.size()})


def group_balance(turns: pd.DataFrame, at_least: int = 5) -> pd.DataFrame:
    """Officer turns naming each group of people, and the share of them that is discriminatory.

    Naming a group must never itself be a signal: the share should stay near one half.
    """
    text = turns["text"].str.lower()
    rows = []
    for ground, group, pattern in groups():
        named = text.str.contains(rf"\b(?:{pattern})\b", regex=True)
        if named.sum() >= at_least:
            rows.append((group, ground, int(named.sum()), int(turns.loc[named, "discriminatory"].sum())))
    table = pd.DataFrame(rows, columns=["group", "ground", "turns", "discriminatory"])
    table["share"] = (table["discriminatory"] / table["turns"]).round(2)
    return table.sort_values("turns", ascending=False).set_index("group")


def leaking_words(turns: pd.DataFrame, at_least: int = 30, share: float = 0.9) -> pd.DataFrame:
    """Words of ``at_least`` turns of which nearly all carry one label, for review."""
    words = [set(forms(text)) for text in turns["text"]]
    count = Counter(word for found in words for word in found)
    rows = []
    for label in LABELS:
        given = turns[label].to_numpy(dtype=bool)
        with_label = Counter(word for found, yes in zip(words, given, strict=True) if yes for word in found)
        rows += [
            (word, label, count[word], round(n / count[word], 2))
            for word, n in sorted(with_label.items())
            if count[word] >= at_least and n >= share * count[word]
        ]
    return pd.DataFrame(rows, columns=["word", "label", "turns", "share"]).set_index("word")


def second_annotation(corpus: str | Path) -> pd.DataFrame:
    """Blind second annotations: ``interaction_id``, ``turn`` and one bool column per label.

    Raises
    ------
    CorpusError
        If there are none, the corpus breaks its format, or, naming file and line, if one cannot be read, names an
        unknown label, or judges what is no officer turn of the corpus or was judged before.
    """
    return _second(corpus, read(corpus))


def _second(corpus: str | Path, turns: pd.DataFrame) -> pd.DataFrame:
    folder = Path(corpus) / "second"
    officer = set(zip(turns["interaction_id"], turns["turn"], strict=True))
    rows: dict[tuple[str, int], list[bool]] = {}
    for path in sorted(folder.glob("*.jsonl")):
        for number, line in _lines(path):
            place = f"second/{path.name}:{number}"
            try:
                record = json.loads(line.decode())
                turn, labels = (record["interaction_id"], record["turn"]), record["labels"]
                known = turn in officer
                if not isinstance(labels, list):
                    raise TypeError("labels is not a list")
            except (ValueError, KeyError, TypeError, RecursionError) as error:
                needed = "a JSON object in UTF-8 with interaction_id, turn and labels"
                raise CorpusError(f"{place}: not {needed}: {error!r}") from None
            if not known:
                raise CorpusError(f"{place}: interaction {turn[0]!r} has no officer turn {turn[1]!r}")
            for label in labels:
                if label not in LABELS:
                    raise CorpusError(f"{place}: unknown label {label!r}; one of {', '.join(LABELS)}")
            if turn in rows:
                raise CorpusError(f"{place}: turn {turn[1]} of interaction {turn[0]!r} is annotated twice")
            rows[turn] = [label in labels for label in LABELS]
    if not rows:
        raise CorpusError(f"{folder}: no second annotation here")
    given = [(name, int(turn), *row) for (name, turn), row in rows.items()]
    return pd.DataFrame(given, columns=["interaction_id", "turn", *LABELS])


def agreement(corpus: str | Path) -> pd.DataFrame:
    """Agreement of the first and the blind second annotator, per label.

    Returns
    -------
    DataFrame
        Indexed by label: ``turns`` judged twice, ``first`` and ``second`` (turns given the label by each),
        ``both``, ``agree`` (share judged alike) and ``alpha``.

    Raises
    ------
    CorpusError
        If the corpus or its second annotation breaks its format, or the package krippendorff (extra ``dev``) is not
        installed.

    References
    ----------
    K. Krippendorff (2018), Content Analysis, 4th ed., ch. 12: alpha for nominal data, 1 minus observed over
    expected disagreement.
    """
    try:
        import krippendorff  # noqa: PLC0415 - only here
    except ModuleNotFoundError:
        raise CorpusError("agreement needs the package krippendorff: pip install '.[dev]'") from None

    turns = read(corpus)
    both = _second(corpus, turns).merge(turns, on=["interaction_id", "turn"], suffixes=("_2", ""))
    rows = {label: _agreement(both[f"first_{label}"], both[f"{label}_2"], krippendorff.alpha) for label in LABELS}
    return pd.DataFrame.from_dict(rows, orient="index")


def _agreement(first: Iterable[bool], second: Iterable[bool], alpha: Any) -> dict[str, float]:
    a, b = np.asarray(first, dtype=int), np.asarray(second, dtype=int)
    varied = len(set(a) | set(b)) > 1
    return {
        "turns": len(a),
        "first": int(a.sum()),
        "second": int(b.sum()),
        "both": int((a & b).sum()),
        "agree": round(float((a == b).mean()), 3),
        "alpha": round(float(alpha(np.vstack([a, b]), level_of_measurement="nominal")), 3) if varied else float("nan"),
    }
