from __future__ import annotations

import csv
import io
import json
from pathlib import Path
from uuid import UUID

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from conftest import EXAMPLE_LOG, EXAMPLE_REPLIES
from hypothesis import given, settings
from hypothesis import strategies as st

from etikanlp.errors import LogError
from etikanlp.transcripts import TURN_SCHEMA, from_frame, read_log, with_context

HEADER = ["interaction_id", "speaker", "officer_id", "text"]
ROWS = [
    ["a", "warga", "", "Halo, é ü “kutip”; koma, titik"],
    ["a", "petugas", "P1", 'Selamat pagi, "Bu".\nBaris kedua'],
    ["b", "CS", "P2", "Nomornya?"],
]


def whole(path: Path, **options):
    chunks = list(read_log(path, **options))
    turns = pd.concat([chunk.turns for chunk in chunks], ignore_index=True)
    return (
        turns,
        pd.concat([chunk.rejects for chunk in chunks], ignore_index=True),
        sum(chunk.rows for chunk in chunks),
    )


def write_csv(path: Path, rows, delimiter=",", encoding="utf-8") -> Path:
    with path.open("w", encoding=encoding, newline="") as file:
        csv.writer(file, delimiter=delimiter).writerows(rows)
    return path


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1252"])
def test_csv_in_every_delimiter_and_encoding(tmp_path, delimiter, encoding):
    turns, rejects, rows = whole(write_csv(tmp_path / "log.csv", [HEADER, *ROWS], delimiter, encoding))
    assert rows == 3
    assert rejects.empty
    assert turns["text"].tolist() == [row[3] for row in ROWS]
    assert turns["speaker"].tolist() == ["customer", "officer", "officer"]


def test_every_kind_of_file_gives_the_same_turns(tmp_path):
    frame = pd.DataFrame(ROWS, columns=HEADER)
    expected, _, _ = whole(write_csv(tmp_path / "log.csv", [HEADER, *ROWS]))
    frame.to_excel(tmp_path / "log.xlsx", index=False)
    frame.to_parquet(tmp_path / "log.parquet")
    frame.to_json(tmp_path / "log.jsonl", orient="records", lines=True, force_ascii=False)
    for kind in ("xlsx", "parquet", "jsonl"):
        turns, rejects, rows = whole(tmp_path / f"log.{kind}")
        pd.testing.assert_frame_equal(turns, expected)
        assert (len(rejects), rows) == (0, 3)
    pd.testing.assert_frame_equal(from_frame(frame).turns, expected)
    assert pa.Schema.from_pandas(expected, preserve_index=False).remove_metadata().equals(TURN_SCHEMA)


def test_chunks_make_no_difference(tmp_path):
    all_at_once, rejects, rows = whole(EXAMPLE_LOG)
    pending: dict[str, str] = {}
    in_pieces = [with_context(chunk.turns, pending) for chunk in read_log(EXAMPLE_LOG, chunk_rows=7)]
    pd.testing.assert_frame_equal(pd.concat(in_pieces, ignore_index=True), with_context(all_at_once))


def test_example_log_loses_nothing():
    turns, rejects, rows = whole(EXAMPLE_LOG)
    assert rows == len(turns) + len(rejects)
    assert rejects["column"].tolist() == ["petugas", "waktu", "isi", "pembicara", ""]
    with EXAMPLE_LOG.open(encoding="utf-8", newline="") as file:
        records = list(csv.reader(file))
    for reject in rejects.itertuples():
        record = records[reject.row - 1]
        if reject.column:
            assert json.loads(reject.original) == dict(zip(records[0], record, strict=True))
        else:
            assert next(csv.reader(io.StringIO(reject.original))) == record


def test_reply_log():
    turns, rejects, rows = whole(EXAMPLE_REPLIES)
    assert rows == 24
    assert len(turns) == 48
    assert turns["speaker"].tolist() == ["customer", "officer"] * 24
    assert turns["at"].iloc[0] == pd.Timestamp(2026, 11, 9, 8, 12) or turns["at"].notna().all()
    officers = with_context(turns)
    assert officers["context"].tolist() == turns["text"][::2].tolist()


@pytest.mark.parametrize(
    ("row", "column", "reason"),
    [
        (["a", "petugas", "", "Halo", "1", ""], "officer_id", "no officer"),
        (["a", "petugas", "P1", "  ", "1", ""], "text", "empty"),
        (["a", "alien", "P1", "Halo", "1", ""], "speaker", "unknown speaker"),
        (["", "petugas", "P1", "Halo", "1", ""], "interaction_id", "no interaction"),
        (["a", "petugas", "P1", "Halo", "satu", ""], "turn", "whole number"),
        (["a", "petugas", "P1", "Halo", "1.5", ""], "turn", "whole number"),
        (["a", "petugas", "P1", "Halo", "1", "2026-02-30"], "waktu", "impossible"),
        (["a", "petugas", "P1", "Halo", "1", "31/11/2026 10:00"], "waktu", "impossible"),
        *[
            (["a", "petugas", "P1", "Halo", "1", at], "waktu", "impossible")
            for at in ("now", "today", "2026", "2026-11")
        ],
        (["a", "petugas", "P1", "Halo"], "", "broken line"),
    ],
)
def test_bad_rows_are_set_aside_with_their_reason(tmp_path, row, column, reason):
    good = ["b", "petugas", "P1", "Baik", "1", "2026-11-09"]
    turns, rejects, rows = whole(write_csv(tmp_path / "log.csv", [[*HEADER, "turn", "waktu"], good, row, good]))
    assert rows == 3
    assert len(turns) == 2
    assert rejects["row"].tolist() == [3]
    assert rejects["column"].tolist() == [column]
    assert reason in rejects["reason"].iloc[0]


def test_an_unclosed_quote_costs_only_its_own_line(tmp_path):
    lines = [
        "interaction_id,speaker,officer_id,text",
        "a,petugas,P1,satu",
        'a,petugas,P1,"dua',
        "a,petugas,P1,tiga",
        'a,petugas,P1,"em\npat"',
        "a,petugas,P1,lima",
    ]
    path = tmp_path / "log.csv"
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    turns, rejects, rows = whole(path)
    assert turns["text"].tolist() == ["satu", "tiga", "em\npat", "lima"]
    assert rejects["original"].tolist() == ['a,petugas,P1,"dua']
    assert "line 3" in rejects["reason"].iloc[0]
    assert rows == 5


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("2026-11-21 14:05:09", "2026-11-21 14:05:09"),
        ("2026-11-21T14:05+07:00", "2026-11-21 14:05:00"),
        ("21/11/2026 14.05", "2026-11-21 14:05:00"),
        ("21/11/2026", "2026-11-21"),
        ("03-12-2026 08:00", "2026-12-03 08:00"),
        ("21 Agustus 2026 09:30 WIB", "2026-08-21 09:30"),
        ("1 Des 2026", "2026-12-01"),
        ("12-Nov-26", "2026-11-12"),
        ("12-11-26", "2026-11-12"),
        ("12/11/70", "1970-11-12"),
        ("12/11/69 08.30", "2069-11-12 08:30"),
        ("12 Sept 2026", "2026-09-12"),
        ("12 Ags 2026", "2026-08-12"),
        ("12 Agustus 2026 pukul 08.30", "2026-08-12 08:30"),
        ("Min, 8 Nov 2026", "2026-11-08"),
        ("12/11/2026 08:30 GMT+7", "2026-11-12 08:30"),
        ("Jumat, 13/11/2026 - 08:30", "2026-11-13 08:30"),
        ("20261112T0830", "2026-11-12 08:30"),
    ],
)
def test_times_as_people_write_them(tmp_path, written, read):
    turns, _, _ = whole(write_csv(tmp_path / "log.csv", [[*HEADER, "tanggal"], ["a", "petugas", "P1", "x", written]]))
    assert turns["at"].iloc[0] == pd.Timestamp(read)


def test_turn_numbers_order_the_context(tmp_path):
    rows = [["a", "petugas", "P1", "balas", 2], ["b", "warga", "", "lain", 1], ["a", "warga", "", "tanya", 1]]
    turns, _, _ = whole(write_csv(tmp_path / "log.csv", [[*HEADER, "turn"], *rows]))
    assert with_context(turns)["context"].tolist() == ["tanya"]


def test_context_is_what_the_customer_said_since_the_officers_last_turn():
    said = [
        ("warga", "satu"),
        ("warga", "dua"),
        ("petugas", "A"),
        ("petugas", "B"),
        ("bot", "menu"),
        ("warga", "tiga"),
        ("petugas", "C"),
    ]
    frame = pd.DataFrame([{"id": "x", "pembicara": who, "petugas": "P", "isi": what} for who, what in said])
    assert with_context(from_frame(frame).turns)["context"].tolist() == ["satu\ndua", "", "tiga"]


def test_columns_can_be_named(tmp_path):
    path = write_csv(tmp_path / "log.csv", [["kode", "siapa", "oleh", "kata"], *ROWS])
    names = {"interaction_id": "kode", "speaker": "siapa", "officer_id": "oleh", "text": "kata"}
    turns, _, _ = whole(path, columns=names)
    assert len(turns) == 3
    with pytest.raises(LogError, match="no column 'tiada'"):
        whole(path, columns=names | {"text": "tiada"})
    with pytest.raises(LogError, match="unknown column name 'teks'"):
        whole(path, columns={"teks": "kata"})
    with pytest.raises(LogError, match="--columns interaction_id=kode"):
        whole(path)


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("log.csv", b"", "empty"),
        ("log.doc", b"x", "unknown kind"),
        ("log.xlsx", b"not a workbook", "not a readable Excel"),
        ("log.parquet", b"not parquet", "not a readable Parquet"),
        ("log.jsonl", b"[1, 2]\nnonsense", "no line is a JSON object"),
        ("log.csv", b"a,b\n\x81\x8d\x8f\xff\xfe,1\n", "neither UTF-8"),
    ],
)
def test_files_that_cannot_be_read_say_why(tmp_path, name, content, message):
    (tmp_path / name).write_bytes(content)
    with pytest.raises(LogError, match=message):
        whole(tmp_path / name)
    with pytest.raises(LogError, match="no such file"):
        whole(tmp_path / "absent.csv")


def test_excel_numbers_and_dates_stay_what_they_were(tmp_path):
    frame = pd.DataFrame(
        {
            "id tiket": [101, 102],
            "peran": ["agen", "agen"],
            "nip": [7.0, 8.0],
            "pesan": ["a", 5],
            "tanggal": pd.to_datetime(["2026-11-01", "2026-11-02"]),
        }
    )
    frame.to_excel(tmp_path / "log.xlsx", index=False)
    turns, rejects, _ = whole(tmp_path / "log.xlsx")
    assert rejects.empty
    assert turns["interaction_id"].tolist() == ["101", "102"]
    assert turns["officer_id"].tolist() == ["7", "8"]
    assert turns["text"].tolist() == ["a", "5"]
    assert turns["at"].iloc[1] == pd.Timestamp(2026, 11, 2)


FIELD = st.text(
    alphabet=st.characters(codec="utf-8", exclude_categories=("Cs", "Cc")) | st.sampled_from('\n,;"\t'),
    max_size=12,
)


@settings(deadline=None, max_examples=60)
@given(
    st.lists(
        st.tuples(FIELD, st.sampled_from(["petugas", "warga", "?", ""]), FIELD, FIELD),
        min_size=1,
        max_size=12,
    ),
    st.integers(1, 5),
)
def test_every_row_comes_out_or_is_rejected(tmp_path_factory, rows, chunk_rows):
    path = write_csv(tmp_path_factory.mktemp("log") / "log.csv", [HEADER, *rows])
    kept = [row for row in rows if any(field.strip() for field in row)]
    turns, rejects, counted = whole(path, chunk_rows=chunk_rows)
    assert len(turns) + len(rejects) == counted
    assert counted in {len(kept), len(rows)}
    expected = [
        t.strip()
        for i, who, officer, t in rows
        if i.strip() and t.strip() and (who == "warga" or (who == "petugas" and officer.strip()))
    ]
    assert turns["text"].tolist() == expected


@settings(deadline=None, max_examples=60)
@given(st.binary(max_size=300))
def test_any_bytes_are_read_or_refused_but_never_crash(tmp_path_factory, content):
    path = tmp_path_factory.mktemp("log") / "log.csv"
    path.write_bytes(b"id,pembicara,petugas,isi\n" + content)
    try:
        turns, rejects, rows = whole(path)
    except (LogError, ValueError) as error:
        assert isinstance(error, LogError) or "No objects" in str(error)
    else:
        assert len(turns) + len(rejects) == rows


def test_real_parquet_chunks_keep_row_numbers(tmp_path):
    table = pa.table({"officer_id": ["P", "", "P", ""], "reply": ["a", "b", "", "d"]})
    pq.write_table(table, tmp_path / "log.parquet", row_group_size=2)
    _, rejects, _ = whole(tmp_path / "log.parquet", chunk_rows=3)
    assert rejects["row"].tolist() == [3, 4, 5]
    assert np.array_equal(rejects["column"], ["officer_id", "reply", "officer_id"])


def test_parquet_as_others_write_it(tmp_path):
    columns = {"interaction_id": ["a"], "speaker": ["petugas"], "officer_id": ["P1"], "text": ["Halo, é"]}
    expected = from_frame(pd.DataFrame(columns)).turns
    pd.DataFrame(columns).set_index("interaction_id").to_parquet(tmp_path / "index.parquet")
    named, blob = [*columns, "text", "blob"], pa.array([b"\xff"])
    for name, kind in (("bytes", pa.binary()), ("views", pa.string_view()), ("byte_views", pa.binary_view())):
        table = pa.table([*(pa.array(values).cast(kind) for values in columns.values()), ["second"], blob], named)
        pq.write_table(table, tmp_path / f"{name}.parquet")
    for path in tmp_path.iterdir():
        pd.testing.assert_frame_equal(whole(path)[0], expected)
    pq.write_table(pa.table({"officer_id": ["P"], "reply": blob}), tmp_path / "log.parquet")
    with pytest.raises(LogError, match="'reply' holds bytes that are not UTF-8"):
        whole(tmp_path / "log.parquet")


def test_values_of_a_frame_that_are_no_text_are_set_aside():
    odd = [UUID(int=0), b"Baik", b"\xff", ["a"], np.array([1, 2]), pd.Series([1, 2]), "half \ud83d"]
    chunk = from_frame(pd.DataFrame({"officer_id": ["P"] * 6 + [""], "reply": odd}))
    assert chunk.turns["text"].tolist() == [str(UUID(int=0)), "Baik"]
    assert chunk.rejects["row"].tolist() == [4, 5, 6, 7, 8]
    assert chunk.rejects["reason"].str.startswith("no text").tolist() == [True] * 4 + [False]
    chunk.rejects["original"].str.encode("utf-8")


@pytest.mark.parametrize(
    "header",
    [
        "\nofficer_id;reply;unit\n",
        ";;\nofficer_id;reply;unit\n",
        '"officer_id";"reply";"unit (a, b, c, d)"\n',
        "sep=;\nofficer_id;reply;a,b,c,d\n",
        "sep=\nofficer_id;reply;unit\n",
        "sep=\t\nofficer_id\treply\ta;b;c;d\n",
    ],
)
def test_the_delimiter_is_that_of_the_header(tmp_path, header):
    mark = "\t" if "\t" in header else ";"
    (tmp_path / "log.csv").write_text(header + mark.join(["P", "Halo, Bu", "U"]) + "\n", encoding="utf-8")
    assert whole(tmp_path / "log.csv")[0]["text"].tolist() == ["Halo, Bu"]
