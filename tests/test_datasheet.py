"""The datasheet says what the corpus holds."""

from __future__ import annotations

import re

import pytest
from conftest import ROOT

from etikanlp import corpus

SHEET = (ROOT / "data/annotated/README.md").read_text(encoding="utf-8")


def table(name: str) -> dict[str, list[str]]:
    body = re.search(rf"<!-- {name} -->(.*?)<!-- /{name} -->", SHEET, re.DOTALL)
    rows = [
        [cell.strip(" `") for cell in line.strip("|").split("|")] for line in body.group(1).strip().splitlines()[2:]
    ]
    return {row[0]: row[1:] for row in rows}


@pytest.fixture(scope="module")
def stats():
    return corpus.stats(ROOT / "data/annotated")


def test_counts(stats):
    assert table("counts") == {name: [str(count)] for name, count in stats["totals"]["count"].items()}


def test_labels_and_channels(stats):
    assert {k: int(v[0]) for k, v in table("labels").items()} == stats["labels"]["turns"].to_dict()
    assert {k: int(v[1]) for k, v in table("channels").items()} == stats["channels"]["officer turns"].to_dict()


def test_agreement():
    measured = corpus.agreement(ROOT / "data/annotated")
    assert {k: float(v[-1]) for k, v in table("agreement").items()} == measured["alpha"].to_dict()
    assert (measured["alpha"] >= 0.75).all()


def test_every_file_was_read_twice_in_part():
    turns = corpus.read(ROOT / "data/annotated")
    second = corpus.second_annotation(ROOT / "data/annotated").merge(turns[["interaction_id", "turn", "writer"]])
    share = second.groupby("writer").size() / turns.groupby("writer").size()
    assert (share >= 0.15).all(), share[~(share >= 0.15)]
