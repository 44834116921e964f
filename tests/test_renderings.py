"""What readers are given: the page in a real browser, the workbook, the tables, the PDF; nothing in them ever runs."""

from __future__ import annotations

import re
from dataclasses import replace

import openpyxl
import pandas as pd
import pypdf
import pytest
from axe_playwright_python.sync_playwright import Axe
from conftest import EXAMPLE_LOG

import etikanlp
from etikanlp.codebook import LABELS
from etikanlp.report import excerpts, html, sentences, wording
from etikanlp.report.charts import Charts, Point

PAYLOAD = (
    '<script>document.title="hacked"</script><img src=x onerror=alert(1)></q></style>{{7*7}}'
    '=HYPERLINK("http://x") \u202eterbalik\u202c 👩🏽‍🚒 kamu bodoh sekali sih'
)
LONG = "panjang sekali " * 7_000  # 105 kB
HOSTILE_ID = "=1+1<script>'\"\u202e"


@pytest.fixture(scope="module")
def hostile(model):
    texts = [PAYLOAD] * 11 + [LONG + PAYLOAD + LONG] * 2
    log = pd.DataFrame(
        {
            "id": [f"@i{n}" for n in range(len(texts))],
            "unit": "<b>U</b>",
            "pembicara": "petugas",
            "petugas": HOSTILE_ID,
            "isi": texts,
        }
    )
    scores = etikanlp.score(log, model)
    scores["unprofessional"] = True
    scores["context"] = PAYLOAD
    return etikanlp.officer_report(scores, model)


@pytest.fixture(scope="module")
def long_report(scores, model):
    """The example week four times over, so that there are trends, and a change half way."""
    weeks = [
        scores.assign(
            interaction_id=scores["interaction_id"].astype(str) + f"-{week}", at=scores["at"] + pd.Timedelta(weeks=week)
        )
        for week in range(4)
    ]
    table = pd.concat(weeks, ignore_index=True)
    worse = (table["officer_id"] == "A-102") & (table["at"] >= pd.Timestamp("2026-11-23"))
    table.loc[worse, ["unprofessional", "p_unprofessional"]] = (True, 0.9)
    return etikanlp.officer_report(table, model, "2026-11-23")


@pytest.fixture(scope="module")
def files(report, long_report, tmp_path_factory):
    folder = tmp_path_factory.mktemp("pages")
    return {
        "id": report.to_html(folder / "id.html", "id"),
        "en": report.to_html(folder / "en.html", "en"),
        "long": long_report.to_html(folder / "long.html", "id"),
    }


@pytest.fixture
def open_page(browser):
    """Open a file; every request that leaves it, every complaint and every dialog fails the test."""
    contexts, wrong = [], []

    def opened(path, width=1280, fragment="", script=True):
        context = browser.new_context(viewport={"width": width, "height": 900}, java_script_enabled=script)
        contexts.append(context)
        context.route(re.compile("^(?!file:|data:)"), lambda route: (wrong.append(route.request.url), route.abort()))
        page = context.new_page()
        page.on("console", lambda message: wrong.append(message.text))
        page.on("pageerror", lambda error: wrong.append(str(error)))
        page.on("dialog", lambda dialog: (wrong.append(dialog.message), dialog.dismiss()))
        page.goto(path.as_uri() + fragment)
        return page

    yield opened
    for context in contexts:
        context.close()
    assert wrong == []


def column(page, number):
    return page.locator(f"#table tbody tr:visible > :nth-child({number})").all_inner_texts()


# the page


@pytest.mark.browser
@pytest.mark.parametrize("width", [1280, 390])
@pytest.mark.parametrize("lang", ["id", "en"])
@pytest.mark.parametrize("fragment", ["", "#officer-5"])
def test_accessible(files, open_page, lang, width, fragment):
    page = open_page(files[lang], width, fragment)
    assert page.locator("html").get_attribute("lang") == lang
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), "the page scrolls sideways"
    checked = Axe().run(page).response
    assert len(checked["passes"]) > 20, "the rules were run"
    found = checked["violations"]
    assert [(v["id"], v["nodes"][0]["html"]) for v in found if v["impact"] in {"serious", "critical"}] == []


@pytest.mark.browser
def test_charts_are_accessible_too(files, open_page):
    page = open_page(files["long"], fragment="#officer-2")
    chart = page.locator(".officer.open svg.trend").first
    assert "Pelanggaran apa pun" in chart.locator("title").text_content()
    assert "9 Nov: 7\u202f% (1 dari 14)" in chart.locator("desc").text_content()
    found = Axe().run(page).response["violations"]
    assert [v["id"] for v in found if v["impact"] in {"serious", "critical"}] == []


@pytest.mark.browser
def test_sorting(files, open_page):
    page = open_page(files["id"])
    button = page.get_by_role("button", name="Pelanggaran apa pun")
    button.click()
    head = page.locator("#table thead th:nth-child(4)")
    assert head.get_attribute("aria-sort") == "descending"
    names = [name.split("\n")[0] for name in column(page, 1)]
    assert names[:2] == ["C-303", "B-201"]
    assert set(names[-3:]) == {"A-104", "B-204", "C-304"}, "too few to judge: never ranked"
    page.keyboard.press("Enter")  # the button keeps the focus
    assert head.get_attribute("aria-sort") == "ascending"
    assert {name.split("\n")[0] for name in column(page, 1)[-3:]} == {"A-104", "B-204", "C-304"}
    page.get_by_role("button", name="Petugas").click()
    assert [name.split("\n")[0] for name in column(page, 1)] == sorted(names)
    assert page.locator("[aria-sort]").count() == 1


@pytest.mark.browser
def test_filtering(files, report, open_page):
    page = open_page(files["id"])
    page.get_by_label("Cari petugas atau unit").fill("rsud")
    assert set(column(page, 2)) == {"RSUD"}
    assert page.get_by_role("status").inner_text() == "4 dari 12 petugas ditampilkan"
    page.get_by_label("Cari petugas atau unit").fill("c-303")
    assert column(page, 1) == ["C-303"]
    page.get_by_label("Cari petugas atau unit").fill("")
    page.get_by_role("combobox", name="Unit").select_option("Air Bersih")
    assert len(column(page, 1)) == 4
    page.get_by_role("combobox", name="Unit").select_option("")
    page.get_by_role("combobox", name="Tampilkan").select_option("c")
    clear = report.flags.loc[~report.flags["review"], "officer_id"]
    assert {name.split("\n")[0] for name in column(page, 1)} == set(clear)


@pytest.mark.browser
def test_an_officer_is_opened_read_and_left(files, open_page):
    page = open_page(files["id"])
    assert page.locator(".officer:visible").count() == 0
    page.locator("#table").get_by_role("link", name="B-201").click()
    page.wait_for_selector(".officer.open")
    assert page.locator(".officer:visible").count() == 1
    assert page.locator("#overview").is_hidden()
    assert page.locator("h2:focus").inner_text().startswith("B-201")
    assert page.title().startswith("B-201")
    opened = page.locator(".officer.open")
    titles = opened.locator("h3").all_inner_texts()
    assert titles.index("Yang sudah baik") < titles.index("Yang perlu dibaca")
    assert opened.locator(".profile svg").count() == len(LABELS) + 1
    assert opened.locator(".violation mark.d").count() > 5
    opened.get_by_role("link", name="Berikutnya").click()
    page.wait_for_function("document.querySelector('.officer.open .name').textContent.startsWith('B-202')")
    page.go_back()
    page.wait_for_function("document.querySelector('.officer.open .name').textContent.startsWith('B-201')")
    page.get_by_role("link", name="Semua petugas").locator("visible=true").click()
    page.wait_for_selector("#overview", state="visible")
    assert page.evaluate("document.activeElement.textContent") == "B-201", "focus goes back to where it came from"
    assert page.locator(".officer:visible").count() == 0


@pytest.mark.browser
def test_keyboard_alone(files, open_page):
    page = open_page(files["id"], width=390)
    for _ in range(60):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.textContent") == "C-303":
            break
    assert page.evaluate("getComputedStyle(document.activeElement).outlineStyle") == "solid", "focus can be seen"
    page.keyboard.press("Enter")
    page.wait_for_selector(".officer.open")
    for _ in range(4):
        page.keyboard.press("Shift+Tab")
        if page.evaluate("document.activeElement.textContent") == "Semua petugas":
            break
    page.keyboard.press("Enter")
    page.wait_for_selector("#overview", state="visible")


@pytest.mark.browser
def test_without_script_all_is_there(files, open_page):
    page = open_page(files["id"], script=False)
    assert page.locator(".officer:visible").count() == 12
    assert page.locator("#overview, .method").count() == 2
    assert page.locator("form:visible, thead button").count() == 0


@pytest.mark.browser
def test_every_officer_starts_on_a_page_of_paper(files, open_page, tmp_path):
    page = open_page(files["id"])
    page.pdf(path=tmp_path / "all.pdf", prefer_css_page_size=True)
    sheets = [sheet.extract_text() for sheet in pypdf.PdfReader(tmp_path / "all.pdf").pages]
    names = page.locator(".officer .name").all_text_contents()
    starts = [n for n, text in enumerate(sheets) if any(text.lstrip().startswith(name.strip()) for name in names)]
    assert len(starts) == 12
    box = pypdf.PdfReader(tmp_path / "all.pdf").pages[0].mediabox
    assert (round(box.width), round(box.height)) == (595, 842), "A4"
    page.goto(files["id"].as_uri() + "#officer-5")
    page.pdf(path=tmp_path / "one.pdf", prefer_css_page_size=True)
    text = "".join(sheet.extract_text() for sheet in pypdf.PdfReader(tmp_path / "one.pdf").pages)
    assert "B-201" in text
    assert "A-101" not in text, "printed beside an officer, only this officer"


@pytest.mark.browser
def test_no_script_but_ours_is_allowed(files, open_page):
    page = open_page(files["id"])
    policy = page.locator("meta[http-equiv=Content-Security-Policy]").get_attribute("content")
    assert policy.startswith("default-src 'none'; script-src 'sha256-")
    assert "unsafe" not in policy


def test_excerpts_are_limited_so_that_the_page_stays_small(report, monkeypatch):
    from etikanlp.report import pages

    monkeypatch.setattr(pages, "EXCERPTS", 1)
    page = html.render(report, "id", report.officers["officer_id"].tolist())
    sizes = report.flags.groupby(["officer_id", "label"]).size()
    strengths = len(report.strengths)
    assert page.count("<article>") == len(sizes) + strengths
    assert page.count("tanda lagi ada di berkas Excel") == (sizes > 1).sum()


def test_strengths_are_clear_and_blameless(report):
    strengths = report.strengths
    assert strengths.groupby("officer_id").size().max() == 3
    assert not strengths["review"].any()
    assert set(strengths["label"]) <= set(etikanlp.VIRTUES)
    flagged = set(zip(report.flags["interaction_id"], report.flags["turn"], strict=True))
    assert flagged.isdisjoint(zip(strengths["interaction_id"], strengths["turn"], strict=True))


# sentences


def test_findings_say_what_the_figures_say(report, long_report):
    said = {f.title: " ".join(f.sentences) for f in sentences.findings(report, "id", lambda officer: officer)}
    assert "571 giliran petugas dari 150 interaksi oleh 12 petugas di 3 unit, 9–15 November 2026" in said["Yang dibaca"]
    n = report.summary["overall"]["any_violation_n"]
    assert said["Pelanggaran"].startswith(f"{n} dari 150 interaksi")
    assert "A-104; B-204; C-304" in said["Yang belum dapat dikatakan"]
    assert "hanya memuat satu minggu" in said["Membaik atau memburuk"]
    later = {f.title: " ".join(f.sentences) for f in sentences.findings(long_report, "en", lambda officer: officer)}
    rising = long_report.trend_tests.query("direction == 'rising' and level == 'officer'")
    assert "A-102" in rising["group"].tolist()
    assert re.search(r"rising for .*percentage points a week \(worse\)", later["Better or worse"])


def told(built, lang="id"):
    return {f.title: " ".join(f.sentences) for f in sentences.findings(built, lang, lambda officer: officer)}


def test_what_was_not_compared_is_not_called_equal(model):
    replies = pd.DataFrame(
        {
            "officer_id": "A-1",
            "reply": ["Terima kasih, Bu."] * 40,
            "replied_at": pd.date_range("2026-01-05", periods=40, freq="D").astype(str),
        }
    )
    said = told(etikanlp.officer_report(etikanlp.score(replies, model), model), "en")
    assert "No officer can be compared" in said["Who stands out"]
    assert "1 officer, 5 January" in said["What was read"], "no unit, so none is counted"


def test_trends_of_officers_without_a_unit_are_not_those_of_the_log(model):
    polite, rude = "Terima kasih, Bu, mohon maaf.", "dasar bodoh kamu"
    days = pd.date_range("2026-01-05", periods=8, freq="7D").astype(str)
    rows = [
        {"officer_id": officer, "unit": unit, "reply": rude if i < share * week else polite, "replied_at": day}
        for officer, unit, share in (("A-1", None, 4), ("A-2", None, 4), ("B-1", "Kasir", 0), ("B-2", "Kasir", 0))
        for week, day in enumerate(days)
        for i in range(30)
    ]
    said = told(etikanlp.officer_report(etikanlp.score(pd.DataFrame(rows), model), model))["Membaik atau memburuk"]
    assert said.count("Pelanggaran apa pun naik di seluruh log") == 1
    assert "Pelanggaran apa pun naik di (tanpa unit)" in said


def test_before_and_after_names_its_date_and_says_when_it_cannot_compare(scores, model, tmp_path):
    built = etikanlp.officer_report(scores, model, before_after="12/11/2026")
    assert "Sebelum dan sesudah: perubahan pada 12 November 2026" in built.to_html(tmp_path / "a.html").read_text(
        "utf-8"
    )
    sheets = pd.read_excel(built.to_excel(tmp_path / "a.xlsx"), sheet_name=None, dtype=str, engine="calamine")
    assert any("12 November 2026" in sheet.to_string() for sheet in sheets.values())
    few = etikanlp.officer_report(scores[scores["officer_id"] == "C-304"], model, before_after="2026-11-12")
    assert "tidak dapat dibandingkan" in few.to_html(tmp_path / "b.html").read_text("utf-8")
    assert "perubahan pada" not in etikanlp.officer_report(scores, model).to_html(tmp_path / "c.html").read_text(
        "utf-8"
    )


def test_another_prevalence_shows_no_figures_measured_without_it(scores, model, tmp_path):
    rare = model.at_prevalence(0.003)
    page = (
        etikanlp.officer_report(etikanlp.score(EXAMPLE_LOG, rare), rare)
        .to_html(tmp_path / "r.html", "en")
        .read_text("utf-8")
    )
    assert "were right on test data" not in page
    sheets = pd.read_excel(
        etikanlp.officer_report(scores, rare).to_excel(tmp_path / "r.xlsx"),
        sheet_name=None,
        dtype=str,
        engine="calamine",
    )
    assert any("0,3" in sheet.to_string() and "disesuaikan" in sheet.to_string() for sheet in sheets.values())


@pytest.mark.parametrize(
    ("call", "said"),
    [
        (lambda: wording.percent(0.004, "id"), "0,4\u202f%"),
        (lambda: wording.percent(0.004, "en"), "0.4\u202f%"),
        (lambda: wording.percent(0.996, "id"), "100\u202f%"),
        (lambda: wording.percent(float("nan"), "id"), "–"),
        (lambda: wording.points(-0.0004, "id"), "0"),
        (lambda: wording.points(-0.123, "id", 1), "−12,3"),
        (lambda: wording.probability(0.999, "id"), "> 0,99"),
        (lambda: wording.listed(["a", "b", "c"], "id"), "a, b, dan c"),
        (lambda: wording.duration(156, "id"), "2 menit 36 detik"),
        (lambda: wording.duration(61, "en"), "1 minute 1 second"),
        (lambda: wording.period(pd.Timestamp("2026-10-28"), pd.Timestamp("2026-11-03"), "id"), "28 Oktober – 3 November 2026"),
        (lambda: wording.counted(20_000, "interaction", "id"), "20.000 interaksi"),
    ],
)  # fmt: skip
def test_numbers_and_dates_as_each_language_writes_them(call, said):
    assert call() == said


@pytest.mark.parametrize("place", [0, 5_000, 99_990])
def test_a_quotation_is_cut_round_its_heaviest_word(place):
    text = ("kata " * 20_000)[:place] + "bodoh" + " lagi" * 20_000
    shown = excerpts.quoted(text, [(place, place + 5, 1.0, True), (0, 4, 0.1, False)], 200)
    assert "<mark class=d>bodoh</mark>" in shown
    assert len(shown) < 260
    assert shown.startswith("… ") == (place > 0)


def test_drawings_share_markers_and_styles_and_nothing_else():
    charts = Charts()
    one = charts.interval(Point(0.5, 0.3, 0.7), "virtue", 0.4, 0.45)
    before = (charts.markers, charts.css)
    assert charts.interval(Point(0.5, 0.3, 0.7), "virtue", 0.4, 0.45) == one
    assert (charts.markers, charts.css) == before
    assert charts.interval(Point(0.5, 0.3, 0.7), "violation", 0.4, 0.45) != one
    assert 'style="' not in one
    drawn = charts.trend([Point(0.1, 0, 0.3), Point(*[float("nan")] * 3)], ["a", "<b>"], "virtue", None, ("t", "<d>"))
    assert "nan" not in drawn
    assert "&lt;b&gt;" in drawn and "&lt;d&gt;" in drawn


# the workbook


def test_workbook_with_everything(long_report, tmp_path):
    book = openpyxl.load_workbook(long_report.to_excel(tmp_path / "r.xlsx"))
    assert book.sheetnames == [
        "Ringkasan", "Petugas", "Unit", "Tanda", "Yang sudah baik", "Tren", "Peluang terlewat", "Sebelum–sesudah",
        "Penjelasan",
    ]  # fmt: skip
    for sheet in book:
        assert sheet.freeze_panes.endswith("2"), sheet.title
        assert sheet.auto_filter.ref, sheet.title
    officers = {cell.value: cell.column for cell in book["Petugas"][1]}
    shares = [row[officers["Kesantunan"] - 1] for row in book["Petugas"].iter_rows(min_row=2)]
    assert all(isinstance(cell.value, int | float) and cell.number_format == "0%" for cell in shares)
    kinds = {rule.type for rules in book["Petugas"].conditional_formatting for rule in rules.rules}
    assert kinds == {"dataBar", "iconSet"}
    icons = [row[officers["◆●"] - 1].value for row in book["Petugas"].iter_rows(min_row=2)]
    assert (
        sum(icon == 1 for icon in icons) == long_report.officers.filter(like="_outlier").eq("above").any(axis=1).sum()
    )
    assert book["Tanda"].max_row == len(long_report.flags) + 1
    assert len(book["Unit"]._charts) == len(book["Tren"]._charts) == 1
    assert book["Unit"]._charts[0].series[0].errBars is not None
    starts = [cell.value for cell in book["Tren"]["E"][1:]]
    assert all(hasattr(start, "year") for start in starts)


def test_tables_for_dashboards(long_report, tmp_path):
    names = ["before_after", "chances", "flags", "officers", "strengths", "trend", "trend_tests", "units"]
    for kind, read in (("csv", pd.read_csv), ("parquet", pd.read_parquet)):
        paths = long_report.to_tables(tmp_path, kind)
        assert sorted(path.name for path in paths) == [f"{name}.{kind}" for name in names]
        officers = read(tmp_path / f"officers.{kind}")
        pd.testing.assert_series_equal(officers["courtesy"], long_report.officers["courtesy"])
        assert len(read(tmp_path / f"flags.{kind}")) == len(long_report.flags)
    replace(long_report, before_after=None).to_tables(tmp_path, "csv")
    assert not (tmp_path / "before_after.csv").exists(), "of the report before"
    with pytest.raises(etikanlp.LogError, match=r"end the name with one of .parquet"):
        long_report.to_tables(tmp_path, "txt")


# the PDF


@pytest.mark.browser
def test_pdf_of_one_officer(report, browser, tmp_path):
    path = report.to_pdf(tmp_path / "x.pdf", "B-201")
    document = pypdf.PdfReader(path)
    text = "\n".join(page.extract_text() for page in document.pages)
    assert "B-201" in document.pages[0].extract_text()
    others = set(report.officers["officer_id"]) - {"B-201"}
    assert not [officer for officer in others if officer in text]
    assert "/StructTreeRoot" in document.trailer["/Root"], "tagged for screen readers"
    assert path.read_bytes() == report.to_pdf(tmp_path / "y.pdf", "B-201").read_bytes()
    with pytest.raises(etikanlp.ReportError, match="no officer 'X'"):
        report.to_pdf(tmp_path / "x.pdf", "X")


def test_pdf_without_a_browser_says_what_to_install(report, tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(etikanlp.ReportError, match="apt install chromium"):
        report.to_pdf(tmp_path / "x.pdf", "B-201")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.browser
def test_command_line(cli, report, browser, tmp_path):
    scores = tmp_path / "week.parquet"
    cli("score", "data/examples/call_centre_week.csv", "--out", scores)
    cli("report", scores, "--officer", "B-201", "--out", tmp_path / "b.pdf")
    assert (tmp_path / "b.pdf").read_bytes().startswith(b"%PDF")
    cli("report", scores, "--out", tmp_path / "out", "--tables", "csv")
    assert {path.suffix for path in (tmp_path / "out").iterdir()} == {".html", ".xlsx", ".tables"}
    assert "--officer" in cli("report", scores, "--out", tmp_path / "b.pdf", status=2).stderr
    assert "end --out with .pdf" in cli("report", scores, "--officer", "B-201", "--out", tmp_path, status=2).stderr
    assert "no officer" in cli("report", scores, "--officer", "Z", "--out", tmp_path / "z.pdf", status=2).stderr


# hostile transcripts


@pytest.mark.browser
def test_hostile_page(hostile, open_page, tmp_path):
    path = hostile.to_html(tmp_path / "r.html")
    assert path.stat().st_size < 200_000, "a turn of 210 kB is quoted, not printed"
    page = open_page(path, width=390)
    assert page.locator("script").count() == 1
    assert page.locator("img, iframe, b:has-text('U')").count() == 0
    page.locator("#table").get_by_role("link").click()
    page.wait_for_selector(".officer.open")
    assert "hacked" not in page.title().replace(HOSTILE_ID, "")
    quoted = page.locator(".officer.open .o q").all_inner_texts()
    assert any("<img src=x onerror=alert(1)>" in quote and "{{7*7}}" in quote for quote in quoted)
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    reordered = page.locator(".o q").first.evaluate("q => getComputedStyle(q).unicodeBidi")
    assert reordered == "plaintext", "a mark of direction ends with its quotation"


def test_hostile_files(hostile, tmp_path):
    book = openpyxl.load_workbook(hostile.to_excel(tmp_path / "r.xlsx"))
    for sheet in book:
        for row in sheet.iter_rows():
            assert all(cell.data_type != "f" and cell.hyperlink is None for cell in row)
    assert max(len(str(row[-1].value)) for row in book["Tanda"].iter_rows(min_row=2)) <= 32_767
    hostile.to_tables(tmp_path, "csv")
    for path in tmp_path.glob("*.csv"):
        cells = pd.read_csv(path, dtype=str, keep_default_na=False).to_numpy().ravel()
        risky = [cell for cell in cells if re.match(r"[=@\t\r]|[+-](?![\d.])", cell)]
        assert risky == [], path.name
    hostile.to_tables(tmp_path, "parquet")
    flags = pd.read_parquet(tmp_path / "flags.parquet")
    assert (flags["officer_id"] == HOSTILE_ID).all()
    assert flags["text"].str.len().max() > 200_000


@pytest.mark.browser
def test_hostile_pdf(hostile, browser, tmp_path):
    path = hostile.to_pdf(tmp_path / "x.pdf", HOSTILE_ID)
    assert b"/JavaScript" not in path.read_bytes()
    assert b"/URI" not in path.read_bytes()
    text = "".join(page.extract_text() for page in pypdf.PdfReader(path).pages)
    assert "onerror=alert(1)" in text
