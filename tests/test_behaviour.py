"""What the model does where one thing is asked at a time; figures per function stand in the model card."""

from __future__ import annotations

import pandas as pd
import pytest
from conftest import ROOT

from etikanlp import behaviour, corpus
from etikanlp.codebook import LABELS
from etikanlp.errors import CorpusError

FUNCTIONAL, GROUPS = ROOT / "tests/functional", ROOT / "tests/groups"


@pytest.fixture(scope="module")
def cases():
    return behaviour.read_cases(FUNCTIONAL)


@pytest.fixture(scope="module")
def swaps(model):
    return behaviour.swap_groups(model, GROUPS)


def test_every_label_and_many_functions_are_asked_for(cases):
    assert len(cases) >= 1200
    assert cases["function"].nunique() >= 40
    assert set(cases["label"]) == set(LABELS)
    assert not cases["text"].str.lower().duplicated().any()


def test_no_case_is_in_the_corpus(cases):
    known = set(corpus.read(ROOT / "data/annotated")["text"].str.lower())
    assert not known & set(cases["text"].str.lower())


def test_functions_do_not_get_worse(model, cases):
    """Bounds a little under what was measured; the goal is 90 % overall and 70 % for each (see the card)."""
    judged = behaviour.judge_cases(model, cases)
    assert judged["right"].mean() >= 0.75
    near_misses = judged[~judged["expected"]]
    assert near_misses["right"].mean() >= 0.9


def test_no_flag_turns_on_which_group_is_named(swaps):
    assert swaps["name"].nunique() >= 60
    assert swaps["flipped"].mean() <= 0.01


def test_discrimination_is_flagged_whoever_is_named(swaps):
    found = swaps[swaps["kind"] == "discriminatory"].groupby("name")["flagged"].mean()
    assert found.min() >= 0.75


def test_words_named_as_decisive_are(model):
    turns = corpus.read(ROOT / "data/annotated").iloc[::60]
    assert behaviour.delete_words(model, turns)["removed"].mean() >= 0.8


@pytest.mark.parametrize("missing", [None, float("nan")])
def test_a_turn_without_context_or_text_may_be_among_them(model, missing):
    turns = pd.DataFrame({"text": ["kalau mau cepat ya seikhlasnya saja pak", missing], "context": [missing, "Halo"]})
    found = behaviour.delete_words(model, turns)
    pd.testing.assert_frame_equal(found, behaviour.delete_words(model, turns.fillna("")))
    assert "integrity_breach" in set(found["label"])


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("unknown\t\tBaik.\tcourtesy\tyes", "unknown"),
        ("f\t\tBaik.\tkindness\tyes", "kindness"),
        ("f\t\tBaik.\tcourtesy\tmaybe", "maybe"),
        ("f\tBaik.\tcourtesy\tyes", "4 fields"),
    ],
)
def test_a_broken_case_is_named_with_its_line(tmp_path, line, message):
    (tmp_path / "functions.tsv").write_text("function\ttests\nf\tsomething\n")
    (tmp_path / "cases.tsv").write_text("function\tcontext\ttext\tlabel\texpected\n" + line + "\n")
    with pytest.raises(CorpusError, match=rf"cases\.tsv:2.*{message}"):
        behaviour.read_cases(tmp_path)
