from __future__ import annotations

import builtins
import json
import pickle
import shutil
import time
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from conftest import BUNDLE, ROOT
from safetensors import numpy

import etikanlp
from etikanlp import bundle, training
from etikanlp.errors import BundleError

TEXTS = [
    "Selamat pagi, Bu, ada yang bisa saya bantu?",
    "kalau mau cepat ya seikhlasnya saja pak",
    "",
    "zzz qqq",
]


@pytest.fixture
def copy(tmp_path):
    return shutil.copytree(BUNDLE, tmp_path / "copy")


def test_holds_arrays_json_and_documents_only():
    assert {path.suffix for path in BUNDLE.iterdir()} == {".safetensors", ".json", ".md", ".svg"}


def test_saved_and_read_back_it_judges_alike(fitted, model, tmp_path):
    for name, saved in (("fitted", fitted[-1]), ("loaded", model)):
        bundle.save(saved, tmp_path / name)
        again = bundle.load(tmp_path / name).predict_proba(TEXTS)
        pd.testing.assert_frame_equal(again, saved.predict_proba(TEXTS), atol=1e-5)


def test_same_model_gives_the_same_bytes(model, tmp_path):
    one, two = (bundle.save(model, tmp_path / name) for name in ("one", "two"))
    assert {p.name: p.read_bytes() for p in one.iterdir()} == {p.name: p.read_bytes() for p in two.iterdir()}


def test_same_corpus_gives_the_same_bytes(tmp_path):
    small = tmp_path / "corpus"
    small.mkdir()
    for path in sorted((ROOT / "data/annotated").glob("*.jsonl"))[:6]:
        shutil.copy(path, small)
    training.train(small, tmp_path / "one", n_jobs=2)
    training.train(small, tmp_path / "two", n_jobs=1)
    for path in (tmp_path / "one").iterdir():
        assert path.read_bytes() == (tmp_path / "two" / path.name).read_bytes(), path.name
    assert training.is_current(small, tmp_path / "one")
    next(small.glob("*.jsonl")).unlink()
    assert not training.is_current(small, tmp_path / "one")


def test_loads_in_a_fifth_of_a_second(model):
    fastest = min(_timed(bundle.load, BUNDLE) for _ in range(5))
    assert fastest < 0.2 * 5, "an order of magnitude beyond what was measured: something is read twice"


def _timed(call, *arguments) -> float:
    start = time.perf_counter()
    call(*arguments)
    return time.perf_counter() - start


@pytest.mark.parametrize("name", ["arrays.safetensors", "model.json", "terms.json", "stems.json", "MODEL_CARD.md"])
@pytest.mark.parametrize("harm", ["missing", "cut", "altered"])
def test_a_harmed_file_is_refused_by_name(copy, name, harm):
    path = copy / name
    data = path.read_bytes()
    if harm == "missing":
        path.unlink()
    else:
        path.write_bytes(data[:-10] if harm == "cut" else data[:-1] + bytes([data[-1] ^ 1]))
    with pytest.raises(BundleError, match=name):
        bundle.load(copy)


def _manifest(folder, change) -> None:
    path = folder / "manifest.json"
    manifest = json.loads(path.read_text())
    change(manifest)
    path.write_text(json.dumps(manifest))


@pytest.mark.parametrize(("made_as", "mend"), [(99, r"newer .* update"), (2, "older; .* train it again")])
def test_another_format_is_refused(copy, made_as, mend):
    _manifest(copy, lambda manifest: manifest.update(format=made_as))
    with pytest.raises(BundleError, match=mend):
        bundle.load(copy)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{",
        "[]",
        '{"format": "x"}',
        "null",
        '{"format": 1e999}',
        "[" * 100_000,
        '{"format": 3, "files": [["a", "b"]]}',
    ],
)
def test_a_damaged_manifest_is_refused(copy, text):
    (copy / "manifest.json").write_text(text)
    with pytest.raises(BundleError, match="manifest"):
        bundle.load(copy)


@pytest.mark.parametrize("name", ["a\0", "a\ud83d", "..", "a" * 300])
def test_a_manifest_that_names_what_is_no_file_is_refused(copy, name):
    _manifest(copy, lambda manifest: manifest["files"].update({name: "0"}))
    with pytest.raises(BundleError, match="is missing"):
        bundle.load(copy)


def test_a_manifest_reaches_no_file_outside(copy):
    (copy.parent / "secret.json").write_text("{}")
    _manifest(copy, lambda manifest: manifest["files"].update({"../secret.json": "0"}))
    with pytest.raises(BundleError, match="outside"):
        bundle.load(copy)


def _replace(folder, name, data: bytes) -> None:
    import hashlib

    (folder / name).write_bytes(data)
    _manifest(folder, lambda manifest: manifest["files"].update({name: hashlib.sha256(data).hexdigest()}))


class _Bomb:
    def __reduce__(self):
        return builtins.exec, ("raise SystemExit('code from the bundle ran')",)


def test_a_pickle_in_place_of_the_arrays_is_never_run(copy):
    _replace(copy, "arrays.safetensors", pickle.dumps(_Bomb()))
    with pytest.raises(BundleError, match="do not fit"):
        bundle.load(copy)


@pytest.mark.parametrize(
    ("name", "change"),
    [
        ("terms.json", lambda content: content["text"].pop()),
        ("model.json", lambda content: content.update(labels=["courtesy"])),
        ("model.json", lambda content: content["text"].update(__class__="os.system")),
        ("model.json", lambda content: content.pop("context")),
        ("model.json", lambda content: content.update(text=[1])),
        ("model.json", lambda content: content.update(info=None)),
        ("model.json", lambda content: content["text"].update(char_ngram_range=[2])),
        ("model.json", lambda content: content["text"].update(length_offset=float("nan"))),
        ("terms.json", lambda content: content["text"].reverse()),
        ("terms.json", lambda content: content["text"].__setitem__(1, content["text"][0])),
        ("terms.json", lambda content: content.update(text=list(range(len(content["text"]))))),
        ("terms.json", lambda content: content["text"].__setitem__(-1, "w:\ud83d")),
        ("stems.json", lambda content: content.update(selamat=3)),
        ("stems.json", lambda content: content.update(selamat="\ud83d")),
    ],
)
def test_parts_that_do_not_fit_are_refused(copy, name, change):
    content = json.loads((copy / name).read_text())
    change(content)
    _replace(copy, name, json.dumps(content).encode())
    with pytest.raises(BundleError):
        bundle.load(copy)


@pytest.mark.parametrize(
    ("name", "value"),
    [("text", np.nan), ("context", np.inf), ("baseline", np.nan), ("thresholds", 2), ("bands", -0.1)],
)
def test_numbers_that_no_model_has_are_refused(copy, name, value):
    arrays = numpy.load((copy / "arrays.safetensors").read_bytes())
    arrays[name].flat[0] = value
    _replace(copy, "arrays.safetensors", numpy.save(arrays))
    with pytest.raises(BundleError, match=name):
        bundle.load(copy)


def test_where_a_model_is_looked_for(model, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("ETIKANLP_MODEL", raising=False)
    with pytest.raises(BundleError, match="etikanlp train"):
        etikanlp.load()
    with pytest.raises(BundleError, match="no model here"):
        etikanlp.load(tmp_path)
    local = shutil.copytree(BUNDLE, tmp_path / "models/etikanlp-id")
    assert bundle.find() == local.relative_to(tmp_path)
    monkeypatch.setenv("ETIKANLP_MODEL", str(BUNDLE))
    assert bundle.find() == BUNDLE
    assert bundle.find(local) == local


def test_a_folder_that_is_no_model_is_not_overwritten(model, tmp_path):
    (tmp_path / "thesis.txt").write_text("years of work")
    with pytest.raises(BundleError, match="not a model"):
        bundle.save(model, tmp_path)
    assert (tmp_path / "thesis.txt").exists()


def test_what_is_no_folder_of_its_own_is_not_overwritten(model, tmp_path, monkeypatch):
    (tmp_path / "file").write_text("x")
    (tmp_path / "link").symlink_to("nowhere")
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")
    for place in (tmp_path / "file", tmp_path / "link", ".", ".."):
        with pytest.raises(BundleError, match="name another folder"):
            bundle.save(model, place)
    with pytest.raises(BundleError, match="name another folder"):  # before hours of training, not after
        training.train(ROOT / "data/annotated", tmp_path / "file")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["file", "here", "link"]


@pytest.mark.parametrize("interrupted", ["old", "copy"])
def test_an_interrupted_saving_leaves_the_model_that_was_there(copy, model, monkeypatch, interrupted):
    (copy / "mine.txt").write_text("the old one")
    rename = type(copy).rename

    def slow(path, target):
        done = rename(path, target) if interrupted == "old" else None
        if target.name == interrupted and path.name != "old":
            raise KeyboardInterrupt
        return done or rename(path, target)

    with monkeypatch.context() as patched, pytest.raises(KeyboardInterrupt):
        patched.setattr(type(copy), "rename", slow)
        bundle.save(model, copy)
    assert (copy / "mine.txt").exists()
    assert [path.name for path in copy.parent.iterdir()] == ["copy"]
    bundle.save(model, copy)
    assert not (copy / "mine.txt").exists()


def test_a_model_is_told_by_what_it_judges_with(model, tmp_path):
    bundle.save(model, tmp_path / "again")
    again = bundle.load(tmp_path / "again")
    assert again.fingerprint() == model.fingerprint()
    assert len({model, again, model}) == 2
    assert model != again
    changes = {"stems": {}, "char_ngram_range": (2, 3), "word_ngram_range": (1, 1), "length_offset": 3}
    for change in changes.items():
        weights = model.weights._replace(text=replace(model.weights.text, **dict([change])))
        assert etikanlp.Model(weights).fingerprint() != model.fingerprint(), change


def test_probabilities_and_flags(model):
    p = model.predict_proba(TEXTS)
    assert p.shape == (4, 8)
    assert (p.dtypes == np.float32).all()
    assert ((p >= 0) & (p <= 1)).all(axis=None)
    assert (model.predict(TEXTS).dtypes == bool).all()
    with pytest.raises(ValueError, match="2 entries where texts has 4"):
        model.predict(TEXTS, ["a", "b"])
    with pytest.raises(TypeError, match="wrap it in a list"):
        model.predict("satu teks")


def test_prevalence_moves_violations_by_the_prior_log_odds(model, tmp_path):
    from scipy.special import logit

    from etikanlp.codebook import VIOLATIONS, VIRTUES

    texts = [*TEXTS, "dasar bodoh, gitu saja nggak bisa"]
    rare = model.at_prevalence(0.003)
    before, after = (m.predict_proba(texts).astype(float) for m in (model, rare))
    pd.testing.assert_frame_equal(before[list(VIRTUES)], after[list(VIRTUES)])
    for label in VIOLATIONS:
        moved = logit(0.003) - logit(model.info["priors"][label])
        np.testing.assert_allclose(logit(after[label]) - logit(before[label]), moved, atol=1e-2)
    assert rare.predict(texts)[list(VIOLATIONS)].sum().sum() <= model.predict(texts)[list(VIOLATIONS)].sum().sum()
    bundle.save(rare, tmp_path / "rare")
    twice = bundle.load(tmp_path / "rare").at_prevalence(0.1)
    np.testing.assert_allclose(twice.weights.baseline, model.at_prevalence(0.1).weights.baseline, atol=1e-9)
    for wrong in (0, 1, -0.1, 30):
        with pytest.raises(ValueError, match="share above 0"):
            model.at_prevalence(wrong)


@pytest.mark.parametrize("missing", [None, float("nan"), pd.NA])
def test_an_explanation_takes_what_a_prediction_takes(model, missing):
    pd.testing.assert_frame_equal(model.explain(TEXTS[1], missing), model.explain(TEXTS[1]))
    assert set(model.explain(missing, labels=["courtesy"])["source"]) == {"baseline"}
    labels = ["courtesy", "integrity_breach"]
    for column in (pd.Index(labels), np.array(labels), iter(labels)):
        pd.testing.assert_frame_equal(model.explain(TEXTS[1], labels=column), model.explain(TEXTS[1], labels=labels))


@pytest.mark.parametrize(
    "text",
    ["Kalau mau cepat ya ada uang rokoknya, Pak.", "mohon maaf ya kak 🙏🙏 tungguuuu", "", "KTP!!! ibu-ibu"],
)
def test_weights_of_an_explanation_add_up_to_the_log_odds(fitted, text):
    from etikanlp.codebook import LABELS

    features, classifier, model = fitted
    context = "saya sudah menunggu lama sekali"
    why = model.explain(text, context, labels=list(LABELS))
    X = features.transform(pd.DataFrame({"text": [text], "context": [context]}))
    log_odds = dict(zip(LABELS, classifier.decision_function(X)[0], strict=True))
    for label, weights in why.groupby("label")["weight"]:
        assert weights.sum() == pytest.approx(log_odds[label], abs=1e-9)
    for row in why[why["source"] != "baseline"].itertuples():
        assert (text if row.source == "text" else context)[row.start : row.end] == row.word
