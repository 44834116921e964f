from __future__ import annotations

import json
import os
import subprocess
import sys

import pytest
from conftest import BUNDLE, EXAMPLE_LOG, EXAMPLE_REPLIES, ROOT
from Sastrawi.Stemmer.StemmerFactory import StemmerFactory

from etikanlp import corpus, stems
from etikanlp.errors import LogError
from etikanlp.text import is_word, tokenize


@pytest.fixture(scope="module")
def words():
    """Every distinct word of the corpus and of the example logs."""
    texts = corpus.read(ROOT / "data/annotated")["text"].tolist()
    texts += [path.read_text(encoding="utf-8") for path in (EXAMPLE_LOG, EXAMPLE_REPLIES)]
    return [form for form in tokenize(texts).forms if is_word(form) and form.isascii()]


@pytest.fixture(autouse=True)
def nothing_met():
    kept = stems.met()
    stems._met.clear()
    yield
    stems._met.clear()
    stems.learn(kept)


def test_stems_are_pysastrawis_for_every_word(words):
    sastrawi = StemmerFactory().create_stemmer()
    expected = [sastrawi.stem(word).replace(" ", "'") or word for word in words]
    assert len(words) > 10_000
    assert stems.of(words) == expected


def test_a_word_is_stemmed_once(monkeypatch):
    assert stems.of(["dibantu", "menunggu"]) == ["bantu", "tunggu"]
    asked = []
    monkeypatch.setattr(stems, "sastrawi", lambda new: asked.extend(new) or ["?" for _ in new])
    assert stems.of(["menunggu", "berkata"]) == ["tunggu", "?"]
    assert asked == ["berkata"]


def test_forgetting_changes_nothing(monkeypatch):
    monkeypatch.setattr(stems, "_MOST", 3)
    assert [stems.of(pair) for pair in (["dibantu", "menunggu"], ["menunggu", "berkata"], ["dibantu", "berkata"])] == [
        ["bantu", "tunggu"], ["tunggu", "kata"], ["bantu", "kata"],
    ]  # fmt: skip


def test_stems_are_kept_for_the_next_run(tmp_path):
    path = tmp_path / "kept" / "stems.json"
    with stems.remembered(path):
        stems.of(["dibantu"])
    stems._met.clear()
    with stems.remembered(path):
        assert stems.met() == {"dibantu": "bantu"}
        stems.of(["menunggu"])
    assert json.loads(path.read_text(encoding="utf-8"))["stems"] == {"dibantu": "bantu", "menunggu": "tunggu"}
    assert [file.name for file in path.parent.iterdir()] == ["stems.json"]


def test_stems_of_another_stemmer_are_left_out(tmp_path):
    path = tmp_path / "stems.json"
    path.write_text('{"stemmer": "PySastrawi 0", "stems": {"dibantu": "X"}}', encoding="utf-8")
    with stems.remembered(path):
        assert stems.of(["dibantu"]) == ["bantu"]
    assert "X" not in path.read_text(encoding="utf-8")


@pytest.mark.parametrize(
    "content",
    ["", "[]", '{"stemmer": 1}', '{"stems": 3}', "[" * 100_000]
    + [
        f'{{"stemmer": "PySastrawi 1.2.1", "stems": {stems}}}'
        for stems in ('{"a": 3}', '{"a": "\\ud83d"}', '[[1, "a"]]')
    ],
)
def test_a_file_of_something_else_is_refused_and_left_alone(tmp_path, content):
    path = tmp_path / "stems.json"
    path.write_text(content, encoding="utf-8")
    with pytest.raises(LogError, match="delete it or name another"), stems.remembered(path):
        pass
    assert path.read_text(encoding="utf-8") == content


def test_workers_hand_their_stems_to_the_file(tmp_path):
    command = [sys.executable, "-m", "etikanlp", "score", EXAMPLE_LOG, "--out", tmp_path / "s.csv"]
    environment = {**os.environ, "ETIKANLP_MODEL": str(BUNDLE)}
    kept = []
    for jobs in ("1", "2"):
        path = tmp_path / f"{jobs}.json"
        subprocess.run([*command, "--jobs", jobs, "--remember", path], env=environment, check=True, capture_output=True)
        kept.append(json.loads(path.read_text(encoding="utf-8")))
    assert kept[0] == kept[1]
    assert len(kept[0]["stems"]) > 10
