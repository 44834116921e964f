from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest
from conftest import ROOT

from etikanlp import corpus
from etikanlp.codebook import LABELS, VIOLATIONS
from etikanlp.errors import CorpusError

CORPUS = ROOT / "data/annotated"


def interaction(**changes):
    turns = [
        {"speaker": "customer", "text": "Berkas saya bagaimana?"},
        {"speaker": "officer", "officer_id": "P1", "text": "Selesai Jumat, Bu.", "labels": ["transparency"]},
    ]
    return {
        "interaction_id": "x-1",
        "channel": "call",
        "sector": "health",
        "scenario": "s",
        "turns": turns,
    } | changes


def officer(**changes):
    return [{"speaker": "officer", "officer_id": "P1", "text": "Baik.", "labels": []} | changes]


@pytest.mark.parametrize(
    ("record", "message"),
    [
        ("{", "not a JSON object in UTF-8"),
        (interaction(turns=officer(labels=["polite"])), "turn 1: unknown label 'polite'"),
        (
            interaction(turns=[{"speaker": "customer", "text": "x", "labels": []}, *officer()]),
            "turn 1: labels on a customer turn",
        ),
        (interaction(turns=officer(officer_id="")), "turn 1: officer turn without officer_id"),
        (interaction(turns=officer(text="  ")), "turn 1: empty text"),
        (interaction(turns=officer(labels=None)), "turn 1: labels is not a list of texts"),
        (interaction(turns=officer(speaker="agent")), "turn 1: unknown speaker 'agent'"),
        (interaction(turns=[{"speaker": "customer", "text": "x"}]), "no officer turn"),
        (interaction(turns=[]), "turns is empty"),
        (interaction(channel="fax"), "unknown channel 'fax'"),
        (interaction(mood="sad"), "unknown field 'mood'"),
        (interaction(sector=""), "field 'sector' is empty"),
        ({"interaction_id": "y"}, "field 'channel' is missing"),
        (interaction(scenario="\ud83d"), "field 'scenario' holds half a character"),
        (interaction(turns=officer(officer_id="\ud83d")), "turn 1: officer_id holds half a character"),
        (interaction(turns=officer(officer_id=["P1"])), "turn 1: officer_id is not a text"),
        (interaction(turns=officer(officer_id={"a": 1})), "turn 1: officer_id is not a text"),
        (interaction(turns=officer(pair=["p1"])), "turn 1: pair is not a text"),
        (interaction(turns=officer(implicit="false")), "turn 1: implicit is neither true nor false"),
    ],
)
def test_breaches_are_named_to_the_line(tmp_path, record, message):
    lines = [
        json.dumps(interaction(interaction_id="fine")),
        record if isinstance(record, str) else json.dumps(record),
    ]
    (tmp_path / "a.jsonl").write_text("\n".join(lines), encoding="utf-8")
    problems = [str(problem) for problem in corpus.check(tmp_path)]
    assert any(problem.startswith("a.jsonl:2: ") and message in problem for problem in problems), problems
    with pytest.raises(CorpusError, match=r"a\.jsonl:2"):
        corpus.read(tmp_path)


def test_a_carriage_return_is_white_space_to_every_reader(tmp_path):
    (tmp_path / "a.jsonl").write_bytes(json.dumps(interaction()).replace(", ", ",\r", 1).encode() + b"\r\n")
    assert corpus.check(tmp_path) == []
    assert len(corpus.read(tmp_path)) == 1


def test_doubles_are_found_across_files(tmp_path):
    long = "Berkas Bapak kami terima hari ini dan diverifikasi paling lambat tanggal 12 oleh petugas Ratna."
    twin = long.replace("12", "19").replace("Ratna", "Wati")
    other = "Nomor laporannya sudah dikirim lewat pesan singkat, Bapak tinggal menunjukkan layarnya di loket."
    for name, text, scenario in (("a", long, "s1"), ("b", twin, "s2"), ("c", other, "s3")):
        record = interaction(interaction_id=name, scenario=scenario, turns=officer(text=text))
        (tmp_path / f"{name}.jsonl").write_text(json.dumps(record))
    (problem,) = corpus.check(tmp_path)
    assert (problem.file, problem.line, problem.turn) == ("b.jsonl", 1, 1)
    assert "a.jsonl:1" in problem.message


def test_declared_minimal_pairs_may_be_alike(tmp_path):
    text = "Antrean Bapak tetap nomor empat walaupun memakai kartu yang dari pemerintah, silakan duduk."
    records = [interaction(interaction_id=str(i), turns=officer(text=text + "." * i, pair="p1")) for i in range(2)]
    (tmp_path / "a.jsonl").write_text("\n".join(map(json.dumps, records)))
    assert corpus.check(tmp_path) == []


def test_ids_and_scenarios_belong_to_one_place(tmp_path):
    (tmp_path / "a.jsonl").write_text(json.dumps(interaction()))
    (tmp_path / "b.jsonl").write_text(json.dumps(interaction()))
    messages = " ".join(map(str, corpus.check(tmp_path)))
    assert "stands already at a.jsonl:1" in messages
    assert "is also of writer" in messages


def test_an_empty_folder_says_so(tmp_path):
    with pytest.raises(CorpusError, match="no annotated file"):
        corpus.read(tmp_path)


def test_agreement_is_krippendorffs(tmp_path):
    labels = [["courtesy"], [], ["courtesy"], []]
    turns = [turn for given in labels for turn in officer(labels=given)]
    (tmp_path / "a.jsonl").write_text(json.dumps(interaction(turns=turns)))
    (tmp_path / "second").mkdir()
    second = [["courtesy"], [], [], []]
    lines = [json.dumps({"interaction_id": "x-1", "turn": n, "labels": given}) for n, given in enumerate(second, 1)]
    (tmp_path / "second/a.jsonl").write_text("\n".join(lines))
    row = corpus.agreement(tmp_path).loc["courtesy"]
    # by hand: 8 values, 3 of them 1; observed disagreement 1/4, expected 2*3*5/(8*7)
    assert row["alpha"] == pytest.approx(1 - 0.25 / (30 / 56), abs=1e-3)
    assert (row["turns"], row["first"], row["second"], row["both"]) == (4, 2, 1, 1)


def second(**changes):
    return json.dumps({"interaction_id": "x-1", "turn": 2, "labels": []} | changes).encode()


@pytest.mark.parametrize(
    ("line", "message"),
    [
        (b"{", "not a JSON object"),
        (b"\xff", "not a JSON object"),
        (b"[]", "not a JSON object"),
        (b'{"interaction_id": "x-1", "turn": 2}', "labels"),
        (second(labels=None), "labels is not a list"),
        (second(labels=""), "labels is not a list"),
        (second(labels=[[]]), "unknown label"),
        (second(labels=["polite"]), "unknown label 'polite'"),
        (second(turn="2"), "has no officer turn '2'"),
        (second(turn=1), "has no officer turn 1"),
        (second(turn=[2]), "not a JSON object"),
        (second(interaction_id="nope"), "'nope' has no officer turn"),
        (second(labels=["courtesy"]), "annotated twice"),
    ],
)
def test_a_broken_second_annotation_is_named_to_the_line(tmp_path, line, message):
    (tmp_path / "a.jsonl").write_text(json.dumps(interaction()))
    (tmp_path / "second").mkdir()
    (tmp_path / "second/a.jsonl").write_bytes(second() + b"\n\n" + line)
    for read in (corpus.second_annotation, corpus.agreement):
        with pytest.raises(CorpusError, match=rf"second/a\.jsonl:3: .*{message}"):
            read(tmp_path)


def test_the_corpus_of_this_project_is_sound():
    turns = corpus.read(CORPUS)
    labels = turns[list(LABELS)].astype(bool)
    assert turns["interaction_id"].nunique() >= 300
    assert len(turns) >= 1400
    assert turns["sector"].nunique() >= 6
    assert turns["channel"].nunique() >= 5
    assert (labels.sum() >= 100).all()
    assert (~labels.any(axis=1)).mean() >= 0.35
    assert turns.loc[labels[list(VIOLATIONS)].any(axis=1), "implicit"].mean() >= 0.5
    writers = turns.groupby("scenario")["writer"].nunique()
    assert (writers == 1).all(), "a scenario on both sides of a fold"


def test_group_lexicon_reads_as_words():
    turns = pd.DataFrame(
        {
            "text": ["Orang Batak memang begitu", "batakan sawah", "ibu itu janda ya"],
            "discriminatory": [True, False, False],
        }
    )
    table = corpus.group_balance(turns, at_least=1)
    assert table.loc["Batak", "turns"] == 1
    assert table.loc["Widow", "turns"] == 1
    assert np.isclose(table.loc["Batak", "share"], 1)
