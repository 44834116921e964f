from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from conftest import BUNDLE, EXAMPLE_LOG, EXAMPLE_REPLIES, ROOT

import etikanlp
from etikanlp import scoring
from etikanlp.errors import LogError
from etikanlp.recognition import recognise
from etikanlp.report import timing

if shutil.which("java") is None:
    pytest.skip("no Java on this machine: install Debian's default-jre-headless", allow_module_level=True)
pytest.importorskip("pyspark", reason="PySpark is not installed: pip install 'etikanlp[spark]'")

from pyspark.sql import SparkSession

from etikanlp import spark as on_spark

ORDER = ["interaction_id", "turn"]


@pytest.fixture(scope="module")
def session():
    os.environ["PYSPARK_PYTHON"] = sys.executable
    settings = {
        "spark.ui.enabled": "false",
        "spark.driver.host": "127.0.0.1",
        "spark.sql.session.timeZone": "Asia/Jakarta",
        "spark.sql.shuffle.partitions": "5",
        "spark.sql.adaptive.enabled": "false",  # it would join small partitions into one
        "spark.sql.execution.arrow.maxRecordsPerBatch": "50",  # interactions go on from batch to batch
    }
    started = SparkSession.builder.master("local[3]").config(map=settings).getOrCreate()
    yield started
    started.stop()


@pytest.fixture(scope="module")
def week():
    """The example log, its turns numbered, in its own order."""
    log = pd.read_csv(EXAMPLE_LOG, on_bad_lines="skip", dtype=str)
    log["urutan"] = log.groupby("id_interaksi").cumcount() + 1
    return log


@pytest.fixture(scope="module")
def expected(week, model):
    return etikanlp.score(week, model)


@pytest.fixture
def given(session, tmp_path):
    """A DataFrame as one of Spark, its rows shuffled, in several files."""

    def give(frame):
        shuffled = frame.sample(frac=1, random_state=0)
        for number, rows in enumerate(np.array_split(np.arange(len(frame)), 4)):
            shuffled.iloc[rows].to_parquet(tmp_path / f"{number}.parquet", index=False)
        return session.read.parquet(str(tmp_path))

    return give


def sorted_scores(scores):
    table = scores.toArrow().to_pandas(types_mapper=pd.ArrowDtype)
    return scoring.typed(table.sort_values(ORDER).reset_index(drop=True))


def same(scores, expected):
    wanted = scoring.typed(expected.sort_values(ORDER).reset_index(drop=True))
    pd.testing.assert_frame_equal(sorted_scores(scores), wanted, rtol=1e-6)


def test_scores_are_those_of_one_machine(given, week, expected, model):
    scores = on_spark.score(given(week), model)
    assert scores.columns == list(scoring.SCORE_COLUMNS)
    types = dict(scores.dtypes)
    assert [types[name] for name in ("interaction_id", "turn", "at", "p_courtesy", "courtesy", "review_courtesy")] == [
        "string", "int", "timestamp_ntz", "float", "boolean", "boolean",
    ]  # fmt: skip
    assert scores.rdd.getNumPartitions() == 5
    same(scores, expected)


def test_several_workers_load_the_model_once_each(given, week, model):
    import pyarrow as pa
    from pyspark.sql import functions as F

    log = given(week.assign(together=week["id_interaksi"]))
    log = log.repartition(9, "together").sortWithinPartitions("together", "urutan")
    scorer = on_spark._scorer(model, recognise(week, {}, "the log"))

    def count(batches):
        turns = sum(batch.num_rows for batch in scorer(batches))
        loads = on_spark._unpickled.cache_info().misses
        yield pa.RecordBatch.from_pydict({"worker": [os.getpid()], "loads": [loads], "turns": [turns]})

    counted = log.mapInArrow(count, "worker long, loads long, turns long")
    of_worker = counted.groupBy("worker").agg(F.max("loads"), F.sum("turns")).toArrow().to_pandas()
    assert 1 < len(of_worker) < 9
    assert (of_worker["max(loads)"] == 1).all()
    assert of_worker["sum(turns)"].sum() == len(etikanlp.score(week, model))


def test_turns_without_a_number_are_taken_by_their_time(given, week, expected, model):
    timed = week.drop(columns="urutan").assign(waktu=pd.to_datetime(week["waktu"], errors="coerce"))
    readable = timed[timed["waktu"].notna()]
    wanted = etikanlp.score(readable, model)
    same(on_spark.score(given(readable), model), wanted)


@pytest.mark.parametrize("unnumbered", [0, 1, 2])
def test_an_interaction_that_is_not_numbered_throughout_is_taken_by_its_time(given, week, model, unnumbered):
    # numbers of all interactions, of half of them, and of some turns of each, against time where they are used
    timed = week.assign(waktu=pd.to_datetime(week["waktu"], errors="coerce"))
    timed = timed[timed["waktu"].notna()].reset_index(drop=True)
    which = timed["id_interaksi"].factorize()[0] if unnumbered else 0
    hidden = [True, which % 2 == 0, timed.index % 3 == 0][unnumbered]
    timed["urutan"] = (1000 - timed["urutan"]).where(~pd.Series(hidden, index=timed.index)).astype("Int64")
    timed.loc[timed.index % 50 == 7, ["isi", "urutan"]] = None  # a row that is rejected says nothing of the others
    wanted = etikanlp.score(timed, model)
    same(on_spark.score(given(timed), model), wanted)
    same(on_spark.score(given(timed.astype({"waktu": str})), model, order_by="waktu"), wanted)
    with pytest.raises(LogError, match="number them all"):
        on_spark.score(given(timed.astype({"waktu": str})), model)


@pytest.mark.parametrize("name", ["together", "k.x", "isi `q", "a`", "isi:x,y z;{}()="])
def test_columns_may_have_any_name(session, model, name):
    rows = [("a", 1, "officer", "Selamat pagi, Bu", "o"), ("a", 2, "officer", "", "o")]
    log = session.createDataFrame(rows, ["interaction_id", "turn", "speaker", "text", "officer_id"])
    log = log.toDF("interaction_id", "turn", "speaker", name, "officer_id")
    assert [row["text"] for row in on_spark.score(log, model, {"text": name}).collect()] == ["Selamat pagi, Bu"]
    (reject,) = on_spark.rejects(log, {"text": name}).collect()
    assert reject["column"] == name


def test_a_log_without_an_officer_turn_has_no_rates(session, model):
    rows = [("a", 1, "customer", "Halo", None)]
    log = session.createDataFrame(
        rows, "interaction_id string, turn int, speaker string, text string, officer_id string"
    )
    with pytest.raises(ValueError, match="the log has no officer turn"):
        on_spark.officer_rates(on_spark.score(log, model), model)


def test_replies_are_scored_as_on_one_machine(given, model):
    replies = pd.read_csv(EXAMPLE_REPLIES, sep=";", dtype=str)
    replies["id"] = [f"r{n:04d}" for n in range(len(replies))]
    same(on_spark.score(given(replies), model, order_by="waktu"), etikanlp.score(replies, model))


def test_no_row_is_lost(given, week, expected):
    found = on_spark.rejects(given(week)).toArrow().to_pylist()
    wanted = [{name: row[name] for name in ("column", "reason", "original")} for row in expected.attrs["rejects"]]
    assert len(wanted) > 0
    key = str
    assert sorted(found, key=key) == sorted(wanted, key=key)


def test_figures_are_those_of_the_report(given, week, expected, model):
    report = etikanlp.officer_report(expected, model)
    figures = on_spark.officer_rates(on_spark.score(given(week), model), model)
    pace = timing.timing(expected).columns.drop("officer_id")
    pd.testing.assert_frame_equal(figures.officers, report.officers.drop(columns=pace))
    pd.testing.assert_frame_equal(figures.units, report.units.drop(columns=pace))


@pytest.mark.parametrize(
    ("dropped", "message"),
    [("urutan", "number them all in a column turn"), ("id_interaksi", "no column found for interaction_id")],
)
def test_a_log_that_cannot_be_put_in_order_is_refused(given, week, model, dropped, message):
    with pytest.raises(LogError, match=message):
        on_spark.score(given(week.drop(columns=dropped)), model)


def test_the_readmes_spark_submit_line_works(tmp_path, week, expected, model):
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    line = next(line for line in readme.splitlines() if line.startswith("spark-submit"))
    week.to_parquet(tmp_path / "log.parquet", index=False)
    words = line.replace("log.parquet", str(tmp_path / "log.parquet")).split()
    words = [str(tmp_path / word) if word in {"scores.parquet", "officers.csv"} else word for word in words]
    submit = shutil.which("spark-submit") or str(Path(sys.executable).with_name("spark-submit"))
    environment = {**os.environ, "PYSPARK_PYTHON": sys.executable, "ETIKANLP_MODEL": str(BUNDLE)}
    done = subprocess.run(
        [submit, *words[1:]], cwd=ROOT, capture_output=True, text=True, timeout=300, check=False, env=environment
    )
    assert done.returncode == 0, done.stderr
    assert f"{len(expected)} officer turns scored" in done.stdout
    report = etikanlp.officer_report(expected, model)
    officers = pd.read_csv(tmp_path / "officers.csv", dtype={"officer_id": str, "unit": str})
    assert officers["interactions"].tolist() == report.officers["interactions"].tolist()
