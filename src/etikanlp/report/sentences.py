"""What stands out, in sentences made from the figures; what cannot be said is said too."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import pandas as pd
from markupsafe import Markup

from etikanlp.codebook import VIOLATIONS, VIRTUES, Language
from etikanlp.report import prevalence
from etikanlp.report.shrinkage import JUDGED
from etikanlp.report.statistics import ANY_VIOLATION, ENOUGH, to_review_first
from etikanlp.report.wording import (
    NOUNS,
    TEXT,
    between,
    counted,
    duration,
    label_name,
    listed,
    number,
    percent,
    period,
    points,
)  # fmt: skip

if TYPE_CHECKING:
    from etikanlp.report import OfficerReport

Row = dict[str, Any]
Link = Callable[[str], Markup]
"""An officer's id as it stands in a sentence."""

_NAMED: Final = 6
"""Officers or changes named in a sentence; the tables have the rest."""

_SAID: Final[dict[str, dict[Language, str]]] = {
    "scope": {
        "id": "Laporan ini membaca {turns} dari {interactions} oleh {officers}{in_units}, {period}.",
        "en": "This report reads {turns} of {interactions} by {officers}{in_units}, {period}.",
    },
    "scope_timeless": {
        "id": "Laporan ini membaca {turns} dari {interactions} oleh {officers}{in_units}; log tidak memuat waktu.",
        "en": "This report reads {turns} of {interactions} by {officers}{in_units}; the log has no times.",
    },
    "in_units": {"id": " di {units}", "en": " in {units}"},
    "rejected": {"id": "{rejects}; alasannya ada di berkas rejects.", "en": "{rejects}; the rejects file says why."},
    "violations": {
        "id": "{k} dari {n} memuat sedikitnya satu tanda pelanggaran: {share} (selang 95\u202f% {between}). Paling sering: {label}, di {most}.",
        "en": "{k} of {n} have at least one violation flag: {share} (95\u202f% interval {between}). Most often: {label}, in {most}.",
    },
    "no_violations": {"id": "Tidak ada satu pun tanda pelanggaran di {n}.", "en": "There is no violation flag in {n}."},
    "corrected": {
        "id": "Seandainya mesin keliru sesering pada korpus ujinya, yang sengaja dibuat sulit, yang sebenarnya kira-kira {share} ({between}).",
        "en": "If the classifier errs as often as on the corpus it was tested on, which is hard on purpose, the truth is about {share} ({between}).",
    },
    "above": {"id": "Lebih sering melanggar daripada unitnya, melebihi kebetulan:", "en": "More violations than their unit, beyond chance:"},
    "below": {"id": "Lebih jarang melanggar daripada unitnya, melebihi kebetulan:", "en": "Fewer violations than their unit, beyond chance:"},
    "named": {
        "id": "{officer} ({label} di {k} dari {n} interaksi, {share}, selang {between}; unitnya {unit})",
        "en": "{officer} ({label} in {k} of {n} interactions, {share}, interval {between}; the unit {unit})",
    },
    "nobody": {
        "id": "Tidak seorang pun berbeda dari unitnya melebihi kebetulan: perbedaan di tabel belum cukup untuk membandingkan orang.",
        "en": "Nobody differs from the unit beyond chance: the differences in the table are not enough to compare people.",
    },
    "not_compared": {
        "id": "Belum ada petugas yang dapat dibandingkan dengan unitnya: interaksi atau rekannya terlalu sedikit.",
        "en": "No officer can be compared with the unit yet: too few interactions or colleagues.",
    },
    "first": {"id": "Yang paling patut dibaca lebih dulu:", "en": "To be read first:"},
    "read_first": {
        "id": "{officer}, {k} dari {n} interaksi bertanda (selang {between}; unitnya {unit})",
        "en": "{officer}, {k} of {n} interactions flagged (interval {between}; the unit {unit})",
    },
    "virtues": {
        "id": "Bagian interaksi yang menunjukkan tiap kebajikan: {listed}.",
        "en": "Share of interactions showing each virtue: {listed}.",
    },
    "best_unit": {
        "id": "{label} paling sering tampak di {unit} ({share}, selang {between}).",
        "en": "{label} is seen most in {unit} ({share}, interval {between}).",
    },
    "distress": {
        "id": "Dari {n} yang memuat keluh kesah pelanggan, {k} berlalu tanpa empati.",
        "en": "Of {n} with a customer's distress, {k} passed without empathy.",
    },
    "refusal": {
        "id": "Dari {n} dengan penolakan, {k} tanpa alasan.",
        "en": "Of {n} with a refusal, {k} gave no reason.",
    },
    "closing": {
        "id": "Dari {n} dengan permintaan pelanggan, {k} ditutup tanpa langkah berikutnya.",
        "en": "Of {n} with a customer's request, {k} closed without a next step.",
    },
    "one_period": {
        "id": "Log hanya memuat satu {noun}; naik atau turun belum dapat dikatakan.",
        "en": "The log holds one {noun} only; nothing can be said of a rise or fall.",
    },
    "two_periods": {
        "id": "Log hanya memuat dua {noun}; arah perubahan baru dapat diuji mulai tiga.",
        "en": "The log holds two {noun}s only; a trend can be tested from three on.",
    },
    "no_trend": {
        "id": "Tidak ada label yang naik atau turun melebihi kebetulan dalam {periods}.",
        "en": "No label rises or falls beyond chance over {periods}.",
    },
    "trend_untested": {
        "id": "Interaksinya terlalu sedikit untuk menguji naik atau turun dalam {periods}.",
        "en": "There are too few interactions to test for a rise or fall over {periods}.",
    },
    "trend": {
        "id": "{label} {direction} di {group}: {points} poin persen tiap {period} ({better}).",
        "en": "{label} is {direction} for {group}: {points} percentage points a {period} ({better}).",
    },
    "better": {"id": "membaik", "en": "better"},
    "worse": {"id": "memburuk", "en": "worse"},
    "the_log": {"id": "seluruh log", "en": "the whole log"},
    "more_trends": {"id": "Perubahan lain ({n}) ada di halaman petugas dan di berkas Excel.", "en": "Other changes ({n}) stand on the officers' pages and in the Excel file."},
    "few": {
        "id": "{officers} belum dinilai karena interaksinya kurang dari {n}: {listed}.",
        "en": "{officers} not judged, having fewer than {n} interactions: {listed}.",
    },
    "review": {
        "id": "{k} dari {n} tanda ({share}) ada di pita tinjau: mesin ragu, dan hanya membaca yang dapat memutuskan.",
        "en": "{k} of {n} flags ({share}) lie in the review band: the classifier is unsure, and only reading decides.",
    },
    "precision": {
        "id": "Dari seratus tanda, pada data uji {low}–{high} benar (menurut label); di layanan sehari-hari, tempat pelanggaran "
        "lebih jarang, lebih sedikit lagi. Bacalah ucapannya sebelum menyebut nama.",
        "en": "Of a hundred flags {low}–{high} were right on test data (by label); in daily service, where violations are rarer, "
        "fewer are. Read the turn before naming anybody.",
    },
    "too_few": {
        "id": "Baru {n}; perlu {needed} lagi sebelum boleh dibandingkan. Angka di bawah hanya untuk dibaca bersama percakapannya.",
        "en": "Only {n} so far; {needed} more are needed before any comparison. Read the figures below with the conversations only.",
    },
    "officer_above": {
        "id": "{label} lebih sering daripada di unitnya, melebihi kebetulan: {k} dari {n} interaksi ({share}); unitnya {unit}.",
        "en": "{label} is more frequent than in the unit, beyond chance: {k} of {n} interactions ({share}); the unit {unit}.",
    },
    "officer_below": {
        "id": "{label} lebih jarang daripada di unitnya, melebihi kebetulan: {k} dari {n} interaksi ({share}); unitnya {unit}.",
        "en": "{label} is rarer than in the unit, beyond chance: {k} of {n} interactions ({share}); the unit {unit}.",
    },
    "officer_same": {
        "id": "Tidak ada pelanggaran yang jumlahnya berbeda dari unitnya melebihi kebetulan.",
        "en": "No violation differs in number from the unit beyond chance.",
    },
    "officer_flags": {
        "id": "{flags} dalam {interactions}; {review} di antaranya di pita tinjau.",
        "en": "{flags} in {interactions}; {review} of them in the review band.",
    },
    "officer_trend": {
        "id": "{label} {direction}, {points} poin persen tiap {period} ({better}).",
        "en": "{label} is {direction}, {points} percentage points a {period} ({better}).",
    },
    "timing": {
        "id": "Separuh giliran sepanjang {words} kata atau kurang (tengahnya {words_q1}–{words_q3}; unit {unit_words}); biasanya {turns} tiap interaksi.",
        "en": "Half the turns have {words} words or fewer (the middle half {words_q1}–{words_q3}; unit {unit_words}); usually {turns} an interaction.",
    },
    "pace": {
        "id": "Dari satu giliran ke giliran berikutnya biasanya {pace} (unit {unit_pace}), termasuk ucapan pelanggan di antaranya; satu "
        "interaksi biasanya {duration}. Diukur pada {timed} berwaktu.",
        "en": "From one turn to the next it usually takes {pace} (unit {unit_pace}), with what the customer says in between; an "
        "interaction usually takes {duration}. Measured on {timed} with times.",
    },
    "untimed": {
        "id": "Tempo tidak diketahui: tidak ada interaksi dengan dua giliran petugas yang berwaktu sendiri-sendiri.",
        "en": "Pace is not known: no interaction has two officer turns with times of their own.",
    },
}  # fmt: skip


class Finding(NamedTuple):
    """A paragraph of the summary."""

    title: str
    sentences: list[Markup]


_TITLES: Final[dict[str, dict[Language, str]]] = {
    "read": {"id": "Yang dibaca", "en": "What was read"},
    "violations": {"id": "Pelanggaran", "en": "Violations"},
    "stand_out": {"id": "Siapa yang menonjol", "en": "Who stands out"},
    "change": {"id": "Membaik atau memburuk", "en": "Better or worse"},
    "good": {"id": "Yang sudah baik", "en": "What went well"},
    "missed": {"id": "Peluang terlewat", "en": "Missed chances"},
    "unknown": {"id": "Yang belum dapat dikatakan", "en": "What cannot be said"},
}  # fmt: skip


def findings(report: OfficerReport, lang: Language, link: Link) -> list[Finding]:
    """The summary: what was read, what stands out, what changed, what went well, what cannot be said.

    Parameters
    ----------
    report : OfficerReport
    lang : str
    link : callable
        Gives an officer's id as it shall stand in a sentence.
    """
    parts = {
        "read": _scope(report, lang),
        "violations": _violations(report.summary["overall"], lang),
        "stand_out": _stand_out(report, lang, link),
        "change": _changes(report, lang, link),
        "good": _good(report, lang),
        "missed": _missed(report.chances, lang),
        "unknown": _unknown(report, lang, link),
    }
    return [Finding(_TITLES[name][lang], sentences) for name, sentences in parts.items() if sentences]


def of_officer(officer: Row, unit: Row, flags: list[Row], tests: pd.DataFrame, lang: Language) -> list[Markup]:
    """What stands out in one officer's figures."""
    said = []
    if officer["needed"]:
        n, needed = (counted(officer[name], "interaction", lang) for name in ("interactions", "needed"))
        said.append(_say("too_few", lang, n=n, needed=needed))
    named = [measure for measure in JUDGED if officer[f"{measure}_outlier"]]
    for measure in named:
        facts = _counts(officer, measure, lang) | {"unit": percent(unit[measure], lang)}
        said.append(_say(f"officer_{officer[f'{measure}_outlier']}", lang, label=label_name(measure, lang), **facts))
    if not named and any(pd.notna(officer[f"{measure}_q"]) for measure in JUDGED):
        said.append(_say("officer_same", lang))
    if flags:
        interactions = counted(len({flag["interaction_id"] for flag in flags}), "interaction", lang)
        review = sum(flag["review"] for flag in flags)
        said.append(
            _say("officer_flags", lang, flags=counted(len(flags), "flag", lang), interactions=interactions,
                 review=number(review, lang))
        )  # fmt: skip
    for row in tests.itertuples():
        said.append(_say("officer_trend", lang, **_direction(row, lang)))
    return said


def pace(officer: Row, unit: Row, lang: Language) -> list[Markup]:
    """Length and pace of an officer's turns beside the unit's."""
    whole = {name: number(officer[name], lang) for name in ("words", "words_q1", "words_q3")}
    turns = counted(officer["turns_each"], "turn", lang)
    said = [_say("timing", lang, **whole, turns=turns, unit_words=number(unit["words"], lang))]
    if not officer["timed"] or pd.isna(officer["pace_s"]):
        return [*said, _say("untimed", lang)]
    times = {name: duration(officer[f"{name}_s"], lang) for name in ("pace", "duration")}
    timed = counted(int(officer["timed"]), "interaction", lang)
    return [*said, _say("pace", lang, **times, unit_pace=duration(unit["pace_s"], lang), timed=timed)]


def periods(trend: pd.DataFrame) -> tuple[int, str]:
    """Number of periods of a trend table, and whether they are a ``week`` or a ``month``."""
    if trend.empty:
        return 0, "week"
    return trend["period"].nunique(), "week" if "W" in trend["period"].iloc[0] else "month"


def _say(key: str, lang: Language, **facts: Any) -> Markup:
    """A sentence; whatever is not markup already is escaped."""
    return Markup(_SAID[key][lang]).format(**facts)  # noqa: S704 - a constant of this module


def _counts(row: Row, measure: str, lang: Language) -> dict[str, str]:
    return {
        "k": number(row[f"{measure}_n"], lang),
        "n": number(row["interactions"], lang),
        "share": percent(row[measure], lang),
        "between": between(row[f"{measure}_low"], row[f"{measure}_high"]),
    }


def _scope(report: OfficerReport, lang: Language) -> list[Markup]:
    summary = report.summary
    facts = {name: counted(summary[f"{name}s"], name, lang) for name in ("turn", "interaction", "officer")}
    units = int((report.units["unit"] != "").sum())
    inside = _say("in_units", lang, units=counted(units, "unit", lang)) if units else ""
    facts = {f"{name}s": phrase for name, phrase in facts.items()} | {"in_units": inside}
    timed = summary["first"] is not None
    said = [
        _say(
            "scope" if timed else "scope_timeless",
            lang,
            **facts,
            period=period(summary["first"], summary["last"], lang),
        )
    ]
    if summary["rejects"]:
        said.append(_say("rejected", lang, rejects=counted(summary["rejects"], "reject", lang)))
    return said


def _violations(overall: Row, lang: Language) -> list[Markup]:
    n = counted(overall["interactions"], "interaction", lang)
    if not overall[f"{ANY_VIOLATION}_n"]:
        return [_say("no_violations", lang, n=n)]
    most = max(VIOLATIONS, key=lambda label: overall[f"{label}_n"])
    facts = _counts(overall, ANY_VIOLATION, lang) | {"n": n, "label": label_name(most, lang).lower()}
    said = [_say("violations", lang, **facts, most=counted(overall[f"{most}_n"], "interaction", lang))]
    true = [overall.get(f"{ANY_VIOLATION}_true{end}", float("nan")) for end in ("", "_low", "_high")]
    if not pd.isna(true[0]):
        said.append(_say("corrected", lang, share=percent(true[0], lang), between=between(*true[1:])))
    return said


def _stand_out(report: OfficerReport, lang: Language, link: Link) -> list[Markup]:
    units = report.units.set_index("unit")
    said = []
    for side in ("above", "below"):
        found = [
            (row[f"{measure}_q"], row["officer_id"], measure, row)
            for row in report.officers.to_dict("records")
            for measure in JUDGED
            if row[f"{measure}_outlier"] == side
        ]
        once: dict[str, Markup] = {}  # an officer is named for what is least likely chance, once
        for _, officer, measure, row in sorted(found, key=lambda case: case[:2]):
            facts = _counts(row, measure, lang) | {"unit": percent(units.loc[row["unit"], measure], lang)}
            named = _say("named", lang, officer=link(officer), label=label_name(measure, lang).lower(), **facts)
            once.setdefault(officer, named)
        if once:
            said.append(Markup("{} {}.").format(_say(side, lang), _few(list(once.values()), lang)))
    compared = report.officers[[f"{measure}_q" for measure in JUDGED]].notna().any(axis=None)
    said = said or [_say("nobody" if compared else "not_compared", lang)]
    first = to_review_first(report.officers).head(3).to_dict("records")
    if first:
        names = [
            _say("read_first", lang, officer=link(row["officer_id"]), **_counts(row, ANY_VIOLATION, lang),
                 unit=percent(units.loc[row["unit"], ANY_VIOLATION], lang))
            for row in first
        ]  # fmt: skip
        said.append(Markup("{} {}.").format(_say("first", lang), _few(names, lang)))
    return said


def _few(names: list[Markup], lang: Language) -> Markup:
    """The first names, and how many are left out."""
    rest = len(names) - _NAMED
    shown = names[:_NAMED] + ([Markup(TEXT["and_more"][lang]).format(n=rest)] if rest > 0 else [])  # noqa: S704
    return Markup("; ").join(shown)


def _direction(row: Any, lang: Language) -> dict[str, Any]:
    good = (row.label in VIRTUES) == (row.direction == "rising")
    return {
        "label": label_name(row.label, lang),
        "direction": TEXT[row.direction][lang],
        "points": points(row.slope, lang, 1),
        "period": row.period,
        "better": _SAID["better" if good else "worse"][lang],
    }


def directions(report: OfficerReport, lang: Language) -> pd.DataFrame:
    """The trends that are there, with the name of their period in ``period``."""
    found = report.trend_tests
    found = found[found["direction"] != ""]
    return found.assign(period=NOUNS[periods(report.trend)[1]][lang][0])


def _changes(report: OfficerReport, lang: Language, link: Link) -> list[Markup]:
    count, noun = periods(report.trend)
    if count < 3:
        return [_say("one_period" if count < 2 else "two_periods", lang, noun=NOUNS[noun][lang][0])] if count else []
    found = directions(report, lang)
    if found.empty:
        tested = report.trend_tests["q"].notna().any()
        return [_say("no_trend" if tested else "trend_untested", lang, periods=counted(count, noun, lang))]
    found = found.assign(rank=found["level"].map({"all": 0, "unit": 1, "officer": 2}))
    found = found.sort_values(["rank", "q"], kind="stable")
    said = []
    for row in found.head(_NAMED).itertuples():
        group = {
            "all": _say("the_log", lang),
            "unit": row.group or TEXT["no_unit"][lang],
            "officer": link(row.group) if row.level == "officer" else "",
        }[row.level]
        said.append(_say("trend", lang, group=group, **_direction(row, lang)))
    if len(found) > _NAMED:
        said.append(_say("more_trends", lang, n=number(len(found) - _NAMED, lang)))
    return said


def _good(report: OfficerReport, lang: Language) -> list[Markup]:
    overall = report.summary["overall"]
    ranked = sorted(VIRTUES, key=lambda label: -overall[label])
    shares = [f"{label_name(label, lang).lower()} {percent(overall[label], lang)}" for label in ranked]
    said = [_say("virtues", lang, listed=listed(shares, lang))]
    judged = report.units[report.units["enough"]]
    if len(judged) > 1:
        rarest = min(VIRTUES, key=lambda label: overall[label])
        best = judged.loc[judged[rarest].idxmax()].to_dict()
        others = judged[judged["unit"] != best["unit"]]
        if best[f"{rarest}_low"] > others[rarest].max():  # only where chance could not have put it first
            name = label_name(rarest, lang)
            said.append(
                _say(
                    "best_unit",
                    lang,
                    label=name,
                    unit=best["unit"] or TEXT["no_unit"][lang],
                    **_counts(best, rarest, lang),
                )
            )
    return said


def _missed(chances: pd.DataFrame, lang: Language) -> list[Markup]:
    if chances.empty:
        return []
    rows = chances[chances["level"] == "all"].itertuples()
    return [_say(row.kind, lang, n=counted(row.n, "interaction", lang), k=number(row.k, lang)) for row in rows]


def _unknown(report: OfficerReport, lang: Language, link: Link) -> list[Markup]:
    said = []
    few = report.officers.loc[~report.officers["enough"], "officer_id"].tolist()
    if few:
        who = counted(len(few), "officer", lang)
        named = _few([link(officer) for officer in few], lang)
        said.append(_say("few", lang, officers=who, n=ENOUGH, listed=named))
    k = int(report.flags["review"].sum())
    if k:
        share = percent(k / len(report.flags), lang)
        said.append(_say("review", lang, k=number(k, lang), n=number(len(report.flags), lang), share=share))
    metrics = prevalence.metrics_of(report.summary["model"])
    right = [100 * metrics[label]["precision"] for label in VIOLATIONS if label in metrics]
    if right:
        said.append(_say("precision", lang, low=number(min(right), lang), high=number(max(right), lang)))
    return said
