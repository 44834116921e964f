from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy.stats import betabinom, chi2_contingency, linregress

import etikanlp
from etikanlp.codebook import LABELS, VIOLATIONS
from etikanlp.evaluation import any_violation_counts, interaction_metrics
from etikanlp.report import beforeafter, chances, prevalence, shrinkage, timing, trend
from etikanlp.report.statistics import MEASURES, discoveries, rates
from etikanlp.text import GROUP, forms


def score_table(rows: list[dict]) -> pd.DataFrame:
    """Rows of a score table: what is not named is empty or False."""
    table = pd.DataFrame(rows)
    blank = {"unit": "U", "channel": "call", "at": pd.NaT, "text": "Baik", "context": "", "turn": 1, "officer_id": "P"}
    for name, value in blank.items():
        table[name] = table[name].fillna(value) if name in table else value
    table["at"] = pd.to_datetime(table["at"]).astype("datetime64[s]")
    for label in LABELS:
        table[label] = table[label].fillna(False).astype(bool) if label in table else False
    return table


# shrinkage


def test_tail_of_the_beta_binomial_is_scipys():
    one = np.ones(1), np.array([2.0]), np.array([5.0])
    for k in (0, 3, 15, 20):
        expected = betabinom.cdf(k, 20, 2, 5) - betabinom.pmf(k, 20, 2, 5) / 2
        assert shrinkage._mid_cdf(k, 20, *one) == pytest.approx(expected, abs=1e-12)


def test_four_calls_never_top_a_ranking():
    c = shrinkage.compare([2, 30, 3, 2, 4, 3], [4, 100, 60, 60, 60, 60])
    assert c.mean[0] < c.mean[1], "one half of four calls, against 30 of 100"
    assert c.high[0] - c.low[0] > c.high[1] - c.low[1]
    assert (c.low < c.mean).all()
    assert (c.mean < c.high).all()


def test_shares_are_drawn_to_the_unit_the_more_the_less_is_known():
    c = shrinkage.compare([5, 50, 10, 10, 10, 10], [10, 100, 100, 100, 100, 100])
    assert 0.1 < c.mean[0] < c.mean[1] < 0.5


def test_less_scatter_than_chance_is_no_trouble():
    c = shrinkage.compare([10] * 8, [100] * 8)
    np.testing.assert_allclose(c.mean, 0.1, atol=0.005)
    assert (c.p > 0.5).all()


@pytest.mark.parametrize(
    ("k", "n"), [([0], [1]), ([3], [3]), ([0, 0], [10, 500]), ([10, 500], [10, 500]), ([0, 40], [40, 40])]
)
def test_units_of_one_or_two_all_or_nothing(k, n):
    c = shrinkage.compare(k, n)
    for values in (c.mean, c.low, c.high):
        assert np.isfinite(values).all()
        assert ((values >= 0) & (values <= 1)).all()
    assert np.isnan(c.p).all() if len(k) == 1 else ((c.p > 0) & (c.p <= 1)).all()


@pytest.mark.parametrize(
    ("officers", "size", "mean", "scatter"), [(4, 20, 0.05, 1e6), (10, 60, 0.1, 50), (12, 200, 0.2, 20)]
)
def test_nobody_is_named_where_nobody_differs(officers, size, mean, scatter):
    rng = np.random.default_rng(1)
    p, covered = [], []
    for _ in range(120):
        n = rng.integers(size // 2, 2 * size, officers)
        share = rng.beta(mean * scatter, (1 - mean) * scatter, officers)
        c = shrinkage.compare(rng.binomial(n, share), n)
        p.append(c.p)
        covered.append((c.low <= share) & (share <= c.high))
    assert np.mean(np.array(p) <= 0.05) < 0.07
    assert np.mean([discoveries(of_unit).min() <= 0.05 for of_unit in p]) < 0.09
    assert np.mean(covered) > 0.89


def officers_table(k: list[int], n: list[int], units: list[str]) -> pd.DataFrame:
    table = pd.DataFrame({"officer_id": [f"P{i}" for i in range(len(k))], "unit": units, "interactions": n})
    table["enough"] = table["interactions"] >= 10
    return table.assign(**{f"{m}_n": k if m in ("unprofessional", "any_violation") else 0 for m in MEASURES})


def test_outliers_are_named_on_either_side_and_the_few_are_not_judged():
    k, n = [30, 1, 2, 1, 0, 1, 2, 1, 0, 1, 1], [60] * 10 + [4]
    table = shrinkage.compared(officers_table(k, n, ["U"] * 11))
    assert table.loc[table["unprofessional_outlier"] == "above", "officer_id"].tolist() == ["P0"]
    assert (table["discriminatory_outlier"] == "").all()
    assert table["needed"].tolist() == [0] * 10 + [6]
    assert np.isnan(table.loc[10, "unprofessional_q"])
    below = shrinkage.compared(officers_table([0, 48, 50, 47, 52, 49, 50, 51, 48, 50], [60] * 10, ["U"] * 10))
    assert below.loc[below["unprofessional_outlier"] == "below", "officer_id"].tolist() == ["P0"]


def test_units_are_compared_apart_and_rows_keep_their_place():
    k, n, units = [5, 40, 6, 41], [50, 50, 50, 50], ["U", "V", "U", "V"]
    table = shrinkage.compared(officers_table(k, n, units))
    alone = shrinkage.compare([5, 6], [50, 50])
    np.testing.assert_allclose(table["unprofessional_shrunk"].to_numpy()[[0, 2]], alone.mean)


# true shares


def test_true_share_is_rogan_and_gladens():
    # epiR's example (Moujaber et al. 2008 being below 0): 23 of 150, sensitivity 0.96, specificity 0.89: 5.1 %
    share = prevalence.adjusted(23, 150, 96, 4, 11, 89)
    assert share.estimate == pytest.approx((23 / 150 + 0.89 - 1) / 0.85)
    assert share.estimate == pytest.approx(0.051, abs=5e-4)
    assert prevalence.adjusted(6, 151, 964, 36, 73, 927).estimate == 0


def test_interval_is_lang_and_reiczigels_by_hand():
    # n' = 103.8415, AP' = (40 + 1.9207) / n', Se' = 91/102, Sp' = 96/102 (eqs. 6, 7, 16, 17 worked through)
    z2 = 1.959963984540054**2
    ap, se, sp = (40 + z2 / 2) / (100 + z2), 91 / 102, 96 / 102
    p = (ap + sp - 1) / (se + sp - 1)
    d = 2 * z2 * (p * se * (1 - se) / 102 - (1 - p) * sp * (1 - sp) / 102)
    v = ap * (1 - ap) / (100 + z2) + p**2 * se * (1 - se) / 102 + (1 - p) ** 2 * sp * (1 - sp) / 102
    share = prevalence.adjusted(40, 100, 90, 10, 5, 95)
    half = np.sqrt(z2 * v) / (se + sp - 1)
    np.testing.assert_allclose((share.low, share.high), (p + d - half, p + d + half))


@pytest.mark.parametrize("held_out", [(100, 400), (700, 2400)])
def test_interval_covers_the_truth_in_93_to_97_percent_of_runs(held_out):
    """Where samples are not so small that most show nothing; there it covers more, never less."""
    rng = np.random.default_rng(5)
    runs, (positives, negatives) = 20_000, held_out
    for n in (20, 50, 200, 2000):
        for truth in (0.01, 0.05, 0.2, 0.5):
            for sensitivity, specificity in ((0.75, 0.95), (0.85, 0.97), (0.95, 0.99)):
                tp, tn = rng.binomial(positives, sensitivity, runs), rng.binomial(negatives, specificity, runs)
                k = rng.binomial(n, truth * sensitivity + (1 - truth) * (1 - specificity), runs)
                share = prevalence.adjusted(k, n, tp, positives - tp, negatives - tn, tn)
                coverage = np.mean((share.low <= truth) & (truth <= share.high))
                rare = (truth <= 0.05 and n < 200) or truth == 0.01
                assert 0.93 <= coverage <= (1 if rare else 0.975), (n, truth, sensitivity, specificity, coverage)
                if not rare and n >= 50:
                    assert coverage <= 0.97, (n, truth, sensitivity, specificity, coverage)


def test_no_true_share_from_flags_that_say_nothing():
    share = prevalence.adjusted([5, 0, 5], [10, 0, 10], [50, 90, 0], [50, 10, 0], [50, 5, 5], [50, 95, 95])
    assert np.isnan(share.estimate).all()
    assert np.isnan(share.low).all()
    assert np.isnan(share.high).all()


def test_no_true_share_where_the_log_refutes_the_errors():
    share = prevalence.adjusted([0, 30, 30], [400, 200, 200], [90] * 3, [10] * 3, [20, 219, 5], [980, 781, 95])
    assert np.isnan(share.estimate).tolist() == [True, True, False], "fewer flagged than false alarms alone would be"
    assert np.isnan(share.low).tolist() == np.isnan(share.high).tolist() == [True, True, False]


def test_any_violation_is_no_rarer_than_one_of_them(report):
    for table in (report.officers, report.units):
        for end in ("", "_low", "_high"):
            of_any = table[f"any_violation_true{end}"]
            parts = table[[f"{label}_true{end}" for label in VIOLATIONS]].max(axis=1)
            assert (of_any.isna() | parts.isna() | (of_any >= parts)).all()


def test_metrics_of_another_prevalence_are_not_shown(model):
    assert set(prevalence.metrics_of(model.info)) > set(VIOLATIONS)
    assert set(VIOLATIONS).isdisjoint(prevalence.metrics_of(model.at_prevalence(0.003).info))


def test_counts_of_models(model):
    new = {"metrics": {"interactions": {"courtesy": {"tp": 1, "fn": 2, "fp": 3, "tn": 4}}}}
    assert prevalence.held_out(new).loc["courtesy"].tolist() == [1, 2, 3, 4]
    assert prevalence.held_out({}).isna().all(axis=None)
    moved = prevalence.held_out(model.at_prevalence(0.01).info)
    assert moved.loc[[*VIOLATIONS, "any_violation"]].isna().all(axis=None), (
        "its flags were measured at other thresholds"
    )
    assert moved.loc["courtesy"].notna().all()


def test_metrics_keep_their_counts():
    truth = pd.DataFrame({label: [True, False, False, True] for label in LABELS})
    flags = pd.DataFrame({label: [True, False, True, False] for label in LABELS})
    interactions = pd.Series(["a", "a", "b", "c"])
    table = interaction_metrics(truth, flags.astype(float), flags, interactions)
    assert table.loc["courtesy", ["tp", "fp", "fn", "tn"]].tolist() == [1, 1, 1, 0]
    assert table.loc["macro", "tp"] == 8
    assert any_violation_counts(truth, flags, interactions) == {"tp": 1, "fp": 1, "fn": 1, "tn": 0}


# trend


def test_cochran_armitage_of_agresti():
    # alcohol and malformation, Agresti (2002), Categorical Data Analysis, 2nd ed., table 3.7: z² = 6.57, p = 0.010
    n, k = np.array([17114, 14502, 793, 127, 38.0]), np.array([48, 38, 5, 1, 1.0])
    t = np.array([0, 0.5, 1.5, 4, 7])
    slope, z = trend.cochran_armitage(*(np.array(x) for x in (n.sum(), k.sum(), n @ t, k @ t, n @ t**2)))
    assert z**2 == pytest.approx(6.57, abs=0.005)
    assert slope == pytest.approx(np.polyfit(t, k / n, 1, w=np.sqrt(n))[0])


def weekly(shares: list[float], per_week: int = 40, start: str = "2026-01-05", freq: str = "7D") -> pd.DataFrame:
    days = pd.date_range(start, periods=len(shares), freq=freq)
    rows = [
        {"interaction_id": f"{w}-{i}", "at": day + pd.Timedelta(hours=i), "courtesy": i < share * per_week}
        for w, (day, share) in enumerate(zip(days, shares, strict=True))
        for i in range(per_week)
    ]
    return score_table(rows)


def test_trend_by_iso_week():
    table = trend.trend(weekly([0.25, 0.5, 0.75]))
    mine = table[(table["level"] == "officer") & (table["label"] == "courtesy")]
    assert mine["period"].tolist() == ["2026-W02", "2026-W03", "2026-W04"]
    assert mine["start"].dt.day_of_week.eq(0).all()
    assert mine[["n", "k"]].to_numpy().tolist() == [[40, 10], [40, 20], [40, 30]]
    assert len(table) == 3 * 3 * len(MEASURES)
    tests = trend.trend_tests(table).set_index(["level", "label"])
    found = tests.loc[("all", "courtesy")]
    assert found["direction"] == "rising"
    assert found["slope"] == pytest.approx(linregress([0, 1, 2], [0.25, 0.5, 0.75]).slope)
    assert np.isnan(tests.loc[("all", "empathy"), "p"]), "never shown"


def test_trend_by_month_over_half_a_year():
    table = trend.trend(weekly([0.5] * 8, per_week=10, start="2026-01-01", freq="MS"))
    assert table["period"].unique().tolist() == [f"2026-0{month}" for month in range(1, 9)]
    assert (trend.trend_tests(table)["direction"] == "").all()


def test_no_trend_without_times():
    table = trend.trend(score_table([{"interaction_id": "a"}]))
    assert table.empty
    assert trend.trend_tests(table).empty


# before and after


def test_newcombes_own_example():
    # Newcombe (1998), table II, method 10: 56/70 − 48/80, 9/10 − 3/10, 10/10 − 0/10
    low, high = beforeafter.newcombe([56, 9, 10], [70, 10, 10], [48, 3, 0], [80, 10, 10])
    np.testing.assert_allclose(low, [0.0524, 0.1705, 0.6075], atol=5e-5)
    np.testing.assert_allclose(high, [0.3339, 0.8090, 1.0], atol=5e-5)


def test_mantel_haenszel_by_hand():
    strata = pd.DataFrame(
        {"g": ["x", "x", "y"], "k1": [8, 5, 0], "n1": [10, 50, 0], "k0": [15, 1, 3], "n0": [30, 20, 9]}
    )
    table = beforeafter.mantel_haenszel(strata, ["g"]).set_index("g")
    w = np.array([10 * 30 / 40, 50 * 20 / 70])
    assert table.loc["x", "stratified"] == pytest.approx((w * [0.8 - 0.5, 0.1 - 0.05]).sum() / w.sum())
    assert table.loc["x", "stratified_low"] < table.loc["x", "stratified"] < table.loc["x", "stratified_high"]
    assert table.loc["y"].isna().all(), "nothing after"


def test_interval_of_the_stratified_difference_covers_what_it_says():
    rng = np.random.default_rng(2)
    runs = 3000
    n1, n0, base = np.array([20, 60]), np.array([50, 30]), np.array([0.1, 0.4])
    parts = [
        pd.DataFrame(
            {
                "run": range(runs),
                "k1": rng.binomial(n1[s], base[s] + 0.1, runs),
                "n1": n1[s],
                "k0": rng.binomial(n0[s], base[s], runs),
                "n0": n0[s],
            }
        )
        for s in (0, 1)
    ]
    table = beforeafter.mantel_haenszel(pd.concat(parts), ["run"])
    assert 0.94 < np.mean((table["stratified_low"] <= 0.1) & (table["stratified_high"] >= 0.1)) < 0.965


def mixed(after_chat: int) -> pd.DataFrame:
    """Chats are courteous in 1 of 10 interactions, calls in 9; only the number of chats changes."""
    rows = []
    for side, day, chats in (("b", "2026-05-01", 10), ("a", "2026-07-01", after_chat)):
        for i in range(100):
            chat = i < chats
            courteous = (i % 10 == 0) if chat else (i % 10 != 0)
            rows.append(
                {
                    "interaction_id": f"{side}{i}",
                    "at": day,
                    "channel": "chat" if chat else "call",
                    "courtesy": courteous,
                }
            )
    return score_table(rows)


def test_a_changed_mix_warns_and_the_stratified_difference_is_not_deceived():
    table = beforeafter.before_after(mixed(80), "2026-06-01").set_index(["level", "label"])
    row = table.loc[("officer", "courtesy")]
    assert row["difference"] == pytest.approx(row["share_after"] - row["share_before"])
    assert row["high"] < -0.4, "fewer calls, not less courtesy"
    assert row["mix_change"] == pytest.approx(0.7)
    assert row["warning"] == "channel"
    assert row["stratified"] == pytest.approx(0, abs=1e-9)
    assert row["stratified_low"] < 0 < row["stratified_high"]
    assert row["q"] < 0.001


def test_an_unchanged_mix_does_not():
    row = beforeafter.before_after(mixed(13), "2026-06-01").iloc[0]
    assert row["warning"] == ""
    assert np.isnan(row["stratified"])
    assert row["mix_change"] == pytest.approx(0.03)


def test_warning_is_the_chi_square_test_of_the_mix():
    for after in range(10, 40, 3):
        p = chi2_contingency([[10, 90], [after, 100 - after]], correction=False).pvalue
        warned = beforeafter.before_after(mixed(after), "2026-06-01")["warning"].iloc[0] == "channel"
        assert warned == (p < 0.05 and after >= 20)


def test_only_groups_with_enough_on_both_sides_are_compared():
    scores = mixed(10)
    scores.loc[scores["interaction_id"].isin([f"a{i}" for i in range(92)]), "officer_id"] = "Q"
    table = beforeafter.before_after(scores, "2026-06-01")
    assert set(table.loc[table["level"] == "officer", "group"]) == set()
    assert set(table["level"]) == {"all", "unit"}


@pytest.mark.parametrize(
    ("date", "message"),
    [
        ("bukan tanggal", "is no date"),
        ("now", "is no date"),
        ("2030-01-01", "2026-05-01 to 2026-07-01"),
        ("2026-05-01", "nothing to compare"),
    ],
)
def test_dates_that_compare_nothing(date, message):
    with pytest.raises(ValueError, match=message):
        beforeafter.before_after(mixed(10), date)


def test_dates_are_read_as_those_of_logs_the_day_before_the_month():
    expected = beforeafter.before_after(mixed(10), "2026-06-05")
    for date in ("5/6/2026", "05-06-2026", "5 Juni 2026", pd.Timestamp("2026-06-05")):
        pd.testing.assert_frame_equal(beforeafter.before_after(mixed(10), date), expected)
    assert beforeafter.moment_of("5/6/2026") == pd.Timestamp("2026-06-05")


# missed chances


@pytest.mark.parametrize(
    ("text", "kind", "found"),
    [
        ("Saya takut sekali, Pak", "distress", True),
        ("sy TAKUT bgt", "distress", True),
        ("Saya tidak takut", "distress", False),
        ("gak takut kok", "distress", False),
        ("suamiku baru meninggal kemarin", "distress", True),
        ("aku wedi Mbak", "distress", True),
        ("Nomor antrean saya 14", "distress", False),
        ("", "distress", False),
        ("Tidak bisa, Pak.", "refusal", True),
        ("Ga bs kak", "refusal", True),
        ("kalau tidak bisa masuk, coba lagi", "refusal", False),
        ("Maaf, saya tidak boleh menerima kue ini", "refusal", False),
        ("tidak", "refusal", False),
        ("Kapan selesai", "request", True),
    ],
)
def test_phrases_are_heard_word_for_word(text, kind, found):
    texts = ["Baik", text, "tidak"]  # phrases do not run on into the next text
    assert chances.mentions(texts, kind).tolist() == [False, found, False]


def test_the_table_of_phrases():
    distress = chances._phrases("distress")
    assert len(distress) == len(set(distress)) >= 120
    assert all(
        phrase and GROUP not in phrase
        for kind in ("distress", "refusal", "request")
        for phrase in chances._phrases(kind)
    )
    assert forms("takut") == ["takut"]


def test_chances_by_hand():
    scores = score_table(
        [
            {"interaction_id": "a", "turn": 2, "context": "saya takut", "text": "Tidak bisa, Pak."},
            {"interaction_id": "a", "turn": 4, "officer_id": "Q", "transparency": True},
            {"interaction_id": "b", "turn": 2, "context": "saya takut", "text": "Baik", "empathy": True},
            {"interaction_id": "c", "turn": 2, "context": "Kapan jadi?", "text": "Belum bisa."},
            {"interaction_id": "c", "turn": 4, "officer_id": "Q", "unit": "V", "text": "Ya."},
        ]
    )
    table = chances.chances(scores).set_index(["level", "group", "kind"])
    assert table.loc[("all", "", "distress"), ["n", "k"]].tolist() == [2, 1]
    assert table.loc[("all", "", "distress"), "interactions"] == ["a"]
    assert table.loc[("officer", "P", "refusal"), ["n", "k"]].tolist() == [2, 1]
    assert table.loc[("officer", "P", "refusal"), "interactions"] == ["c"]
    assert table.loc[("officer", "Q", "closing"), ["n", "k"]].tolist() == [1, 1]
    assert ("officer", "P", "closing") not in table.index
    assert table.loc[("unit", "V", "closing"), "n"] == 1
    assert table.loc[("officer", "P", "distress"), "share"] == 0.5


def test_no_chance_at_all():
    assert chances.chances(score_table([{"interaction_id": "a"}])).empty


# timing


def test_timing_by_hand():
    scores = score_table(
        [
            {"interaction_id": "a", "turn": 2, "at": "2026-01-01 08:00:00", "text": "satu dua tiga"},
            {"interaction_id": "a", "turn": 4, "at": "2026-01-01 08:00:30", "text": "satu"},
            {"interaction_id": "a", "turn": 6, "at": "2026-01-01 08:01:40", "text": " "},
            {"interaction_id": "b", "turn": 2, "at": "2026-01-02 08:00:00", "text": "satu dua"},
            {"interaction_id": "b", "turn": 4, "at": "2026-01-02 08:00:00", "text": "satu dua"},
            {"interaction_id": "c", "turn": 2, "officer_id": "Q"},
        ]
    )
    table = timing.timing(scores).set_index("officer_id")
    p = table.loc["P"]
    assert p[["words_q1", "words", "words_q3"]].tolist() == [1, 2, 2]
    assert p["turns_each"] == 2.5
    assert p[["pace_s", "duration_s", "timed"]].tolist() == [50, 100, 1], "b bears one time for all its turns"
    assert table.loc["Q", ["pace_s", "duration_s"]].isna().all()
    assert table.loc["Q", "timed"] == 0


# the report


def test_the_report_carries_them(report, scores):
    named = report.officers.set_index("officer_id")
    assert named.loc["C-304", "needed"] == 6
    assert named.loc["C-303", "any_violation_shrunk"] < named.loc["C-303", "any_violation"], "drawn to the unit"
    assert set(report.officers["any_violation_outlier"]) <= {"", "above", "below"}
    for measure in LABELS:
        low, true, high = (report.units[f"{measure}_true{end}"] for end in ("_low", "", "_high"))
        assert ((low <= true + 1e-9) & (true <= high + 1e-9)).all()
    whole = report.trend[(report.trend["level"] == "all") & (report.trend["label"] == "courtesy")]
    assert whole["n"].tolist() == [150]
    assert whole["k"].tolist() == [report.summary["overall"]["courtesy_n"]]
    assert report.before_after is None
    assert len(report.officers) == 12
    assert report.chances["kind"].drop_duplicates().tolist() == list(chances.KINDS)


def test_before_and_after_from_the_api(scores, model):
    built = etikanlp.officer_report(scores, model, before_after="2026-11-12")
    assert built.before_after is not None
    row = built.before_after.iloc[0]
    assert row["n_before"] + row["n_after"] == 150
    with pytest.raises(ValueError, match="2026-11-09"):
        etikanlp.officer_report(scores, model, before_after="2027-01-01")


def test_rates_and_trend_count_alike(scores):
    by_officer = rates(scores, "officer_id").set_index("officer_id")
    told = trend.trend(scores)
    told = told[(told["level"] == "officer") & (told["label"] == "any_violation")].groupby("group")["k"].sum()
    assert told.to_dict() == by_officer["any_violation_n"].to_dict()
