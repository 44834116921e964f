"""What a model does where one thing is asked at a time: functional cases, swapped group names, deleted words.

Functional cases lie in a folder: ``functions.tsv`` says what each function tests; every other ``*.tsv`` holds
cases with the columns ``function``, ``context``, ``text``, ``label`` and ``expected`` (``yes`` or ``no``). Group
swaps lie in another: ``sentences.tsv`` (``kind``, ``sentence`` with ``{}`` for the group) and ``names.tsv``
(``ground``, ``name``).

References
----------
P. Röttger et al. (2021), HateCheck: functional tests for hate speech detection models, ACL. M. T. Ribeiro et al.
(2020), Beyond accuracy: behavioral testing of NLP models with CheckList, ACL: changes that must not change a verdict.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import pandas as pd

from etikanlp.codebook import LABELS, VIOLATIONS
from etikanlp.errors import CorpusError
from etikanlp.explanation import without
from etikanlp.model import Model
from etikanlp.text import as_arrow

CASE_COLUMNS: Final = ("function", "context", "text", "label", "expected")
FUNCTIONS: Final = "functions.tsv"


def read_cases(folder: str | Path) -> pd.DataFrame:
    """Functional cases of a folder.

    Returns
    -------
    DataFrame
        ``function``, ``context``, ``text``, ``label`` (str), ``expected`` (bool), ``tests`` (what the function tests),
        in the order of ``functions.tsv``.

    Raises
    ------
    CorpusError
        Naming the file and line that breaks the format.
    """
    folder = Path(folder)
    tests = dict(_rows(folder / FUNCTIONS, ("function", "tests")))
    cases = []
    for path in sorted(set(folder.glob("*.tsv")) - {folder / FUNCTIONS}):
        for number, case in enumerate(_rows(path, CASE_COLUMNS), 2):
            function, _, _, label, expected = case
            if function not in tests:
                raise CorpusError(f"{path}:{number}: function {function!r} is not in {FUNCTIONS}")
            if label not in LABELS:
                raise CorpusError(f"{path}:{number}: label {label!r} is none of {', '.join(LABELS)}")
            if expected not in {"yes", "no"}:
                raise CorpusError(f"{path}:{number}: expected is yes or no, not {expected!r}")
            cases.append(case)
    table = pd.DataFrame(cases, columns=list(CASE_COLUMNS))
    table["expected"] = table["expected"] == "yes"
    table["tests"] = table["function"].map(tests)
    order = {function: i for i, function in enumerate(tests)}
    return table.sort_values("function", key=lambda f: f.map(order), kind="stable").reset_index(drop=True)


def judge_cases(model: Model, cases: pd.DataFrame) -> pd.DataFrame:
    """``cases`` with ``probability`` (float32) of the label asked for, ``given`` and ``right`` (bool)."""
    p = model.predict_proba(cases["text"], cases["context"])
    given = _of_label(model.flags(p), cases["label"])
    return cases.assign(probability=_of_label(p, cases["label"]), given=given, right=given == cases["expected"])


def by_function(judged: pd.DataFrame) -> pd.DataFrame:
    """Indexed by function: ``tests``, ``cases`` and ``right`` (share, float64)."""
    groups = judged.groupby("function", sort=False)
    return groups.agg(tests=("tests", "first"), cases=("right", "size"), right=("right", "mean"))


def swap_groups(model: Model, folder: str | Path) -> pd.DataFrame:
    """Every sentence of a folder with every group named in it, judged.

    Returns
    -------
    DataFrame
        ``kind`` (neutral or discriminatory), ``sentence``, ``ground``, ``name``, ``flagged`` (discriminatory given) and
        ``flipped`` (whether any violation flag differs from what most groups get in the same sentence).
    """
    folder = Path(folder)
    sentences = pd.DataFrame(_rows(folder / "sentences.tsv", ("kind", "sentence")), columns=["kind", "sentence"])
    names = pd.DataFrame(_rows(folder / "names.tsv", ("ground", "name")), columns=["ground", "name"])
    table = sentences.merge(names, how="cross")
    texts = [sentence.format(name) for sentence, name in zip(table["sentence"], table["name"], strict=True)]
    flags = model.predict(texts)[list(VIOLATIONS)]
    usual = flags.groupby(table["sentence"]).transform("mean") >= 0.5
    return table.assign(flagged=flags["discriminatory"], flipped=(flags != usual).any(axis=1))


def delete_words(model: Model, turns: pd.DataFrame) -> pd.DataFrame:
    """Every label given to some turns, judged again without the words named as decisive.

    Parameters
    ----------
    turns : DataFrame
        ``text`` and ``context``; missing values are empty.

    Returns
    -------
    DataFrame
        A row a label given: ``label``, ``words`` (number taken out), ``share`` (of the turn's words), ``removed``
        (whether the label is gone without them).
    """
    rows, texts, contexts = [], [], []
    said, heard = (as_arrow(turns[name]).to_pylist() for name in ("text", "context"))
    given = model.predict(said, heard).to_numpy()
    for text, context, of_turn in zip(said, heard, given, strict=True):
        table = model.explain(text, context, [label for label, g in zip(LABELS, of_turn, strict=True) if g])
        for label, of_label in table[table["decisive"]].groupby("label"):
            rows.append({"label": label, "words": len(of_label), "share": len(of_label) / max(len(text.split()), 1)})
            texts.append(without(text, of_label[of_label["source"] == "text"]))
            contexts.append(without(context, of_label[of_label["source"] == "context"]))
    table = pd.DataFrame(rows, columns=["label", "words", "share"])
    return table.assign(removed=~_of_label(model.predict(texts, contexts), table["label"]))


def _of_label(table: pd.DataFrame, labels: pd.Series) -> npt.NDArray[Any]:
    """Of each row the value in the column of its own label."""
    return table.to_numpy()[np.arange(len(table)), table.columns.get_indexer(labels)]


def _rows(path: Path, columns: tuple[str, ...]) -> list[list[str]]:
    """Rows of a tab-separated file below its header."""
    try:
        head, *lines = path.read_text(encoding="utf-8").splitlines()
    except (OSError, ValueError) as error:
        raise CorpusError(f"{path}: cannot be read ({error})") from None
    if tuple(head.split("\t")) != columns:
        raise CorpusError(f"{path}:1: the columns are to be {', '.join(columns)}, separated by tabs")
    rows = [line.split("\t") for line in lines]
    for number, row in enumerate(rows, 2):
        if len(row) != len(columns):
            raise CorpusError(f"{path}:{number}: {len(row)} fields where {len(columns)} are needed, separated by tabs")
    return rows
