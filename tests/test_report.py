from __future__ import annotations

import re

import numpy as np
import pandas as pd
import pytest
from scipy.stats import binom

import etikanlp
from etikanlp.codebook import LABELS, VIOLATIONS
from etikanlp.privacy import mask
from etikanlp.report import statistics


@pytest.mark.parametrize(
    ("k", "n", "low", "high"),
    [  # R's prop.test(correct = FALSE) and Brown, Cai and DasGupta's tables
        (0, 10, 0.0, 0.2775), (1, 10, 0.0179, 0.4042), (5, 10, 0.2366, 0.7634), (10, 10, 0.7225, 1.0), (81, 263, 0.2553, 0.3662),
    ],
)  # fmt: skip
def test_wilson_interval(k, n, low, high):
    np.testing.assert_allclose(statistics.wilson(k, n), (low, high), atol=5e-5)


def test_wilson_covers_what_it_says():
    n, k = 40, np.arange(41)
    low, high = statistics.wilson(k, n)
    coverage = [binom.pmf(k, n, p)[(low <= p) & (p <= high)].sum() for p in np.linspace(0.02, 0.98, 97)]
    assert 0.945 < np.mean(coverage) < 0.965


@pytest.fixture
def table():
    rows = [
        ("a", "P", [1, 0]),
        ("a", "P", [0, 0]),
        ("b", "P", [0, 0]),
        ("b", "Q", [0, 1]),
        ("c", "Q", [0, 0]),
    ]
    scores = pd.DataFrame(
        {
            "interaction_id": [r[0] for r in rows],
            "officer_id": [r[1] for r in rows],
            "unit": ["U", "U", "U", "V", "V"],
        }
    )
    for label in LABELS:
        scores[label] = False
    scores["courtesy"] = [bool(r[2][0]) for r in rows]
    scores["unprofessional"] = [bool(r[2][1]) for r in rows]
    return scores


def test_rates_count_interactions_not_turns(table):
    officers = statistics.rates(table, "officer_id").set_index("officer_id")
    assert officers["interactions"].to_dict() == {"P": 2, "Q": 2}
    assert officers["turns"].to_dict() == {"P": 3, "Q": 2}
    assert officers.loc["P", "courtesy"] == 0.5
    assert officers.loc["Q", "any_violation_n"] == 1
    assert officers.loc["P", "any_violation_n"] == 0, "the other officer's turn in a shared interaction"
    assert not officers["enough"].any()


def test_few_interactions_are_never_ranked(table):
    assert statistics.to_review_first(statistics.rates(table, "officer_id")).empty


def test_report_of_the_example_log(report):
    officers = report.officers.set_index("officer_id")
    assert officers["interactions"].sum() == 150
    assert officers.loc["C-304", "enough"] == np.False_
    assert report.units["unit"].tolist() == ["Air Bersih", "Kependudukan", "RSUD"]
    first = statistics.to_review_first(report.officers)["officer_id"].tolist()
    assert set(first[:2]) == {"B-201", "C-303"}, "the two officers with real problems"
    assert "C-304" not in first
    flagged = report.flags.groupby("label").size()
    assert flagged.sum() == report.summary["flags"]
    assert set(report.flags["label"]) <= set(VIOLATIONS)
    assert (report.flags["probability"] >= report.flags["threshold"] - 1e-6).all()


def test_same_scores_give_the_same_bytes(report, tmp_path):
    for suffix, write in ((".html", report.to_html), (".xlsx", report.to_excel)):
        one, two = write(tmp_path / f"1{suffix}").read_bytes(), write(tmp_path / f"2{suffix}").read_bytes()
        assert one == two


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("HP 0812-3456-7890 ya", "HP ••••-••••-•••• ya"),
        ("NIK 3174051203900004", "NIK ••••••••••••••••"),
        ("surel ani.w@contoh.co.id", "surel •••••@••••••••••••"),
        ("bayar Rp1.250.000 ya", "bayar Rp1.250.000 ya"),
        ("denda 1.250.000 rupiah", "denda 1.250.000 rupiah"),
        ("jam 08.30, loket 14", "jam 08.30, loket 14"),
        ("telepon +62 812 3456 789", "telepon +•• ••• •••• •••"),
    ],
)
def test_masking_keeps_every_place(text, shown):
    assert mask(text) == shown
    assert len(mask(text)) == len(text)


def test_an_empty_table_is_refused(scores, model):
    with pytest.raises(ValueError, match="no officer turn"):
        etikanlp.officer_report(scores.head(0), model)


def test_log_without_units_or_times(model, tmp_path):
    frame = pd.DataFrame(
        {"officer_id": ["P"] * 3, "reply": ["Halo Kak", "Dasar bodoh kamu, gitu aja nggak bisa", "Baik"]}
    )
    built = etikanlp.officer_report(etikanlp.score(frame, model), model)
    page = built.to_html(tmp_path / "r.html").read_text(encoding="utf-8")
    assert "Log tidak memuat waktu" in page
    assert not re.search(r">\s*(nan|NaT|None|<NA>)\s*<", page)
    built.to_excel(tmp_path / "r.xlsx")


def test_a_table_without_scores_is_refused_in_words(model):
    with pytest.raises(etikanlp.LogError, match="no column 'interaction_id'"):
        etikanlp.officer_report(pd.DataFrame({"a": [1]}), model)
