"""The officer report as one HTML page: no request to anywhere, everything escaped, one script known by its hash."""

from __future__ import annotations

import base64
import hashlib
from functools import partial
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import jinja2
from markupsafe import Markup

from etikanlp.codebook import CODEBOOK, Language
from etikanlp.report import prevalence, sentences, statistics, wording
from etikanlp.report.charts import Charts
from etikanlp.report.pages import Pages
from etikanlp.tables import unfinished

if TYPE_CHECKING:
    from etikanlp.report import OfficerReport, Progress

FIRST: Final = 10
"""Officers listed to be read first."""


def write(report: OfficerReport, path: Path, lang: Language, progress: Progress = iter) -> Path:
    """Render the report; the file appears under its name only when complete."""
    page = render(report, lang, report.officers["officer_id"].tolist(), progress)
    with unfinished(path) as part:
        part.write_text(page, encoding="utf-8", newline="\n")
        return part.replace(path)


def render(
    report: OfficerReport, lang: Language, officers: list[str], progress: Progress = iter, alone: bool = False
) -> str:
    """The page as text.

    Parameters
    ----------
    report : OfficerReport
    lang : str
    officers : list of str
        Whose pages to write.
    progress : callable
        Passes the list of officers on, one by one.
    alone : bool
        Write nothing but these officers' pages and the method: no summary, no table of officers, no script.
    """
    charts = Charts()
    pages = Pages(report, charts, lang)
    views = [pages.of(officer) for officer in progress(officers)]
    overview = {} if alone else _overview(report, pages, lang)
    t = wording.phrases(lang)
    body = {
        "lang": lang,
        "masked": report.masked,
        "t": t,
        "alone": alone,
        "title": t["title_one"].format(officer=officers[0]) if alone else t["title"],
        "period": wording.period(report.summary["first"], report.summary["last"], lang),
        "pages": views,
        "codebook": CODEBOOK,
        "metrics": prevalence.metrics_of(report.summary["model"]),
        "prevalence": report.summary["model"].get("prevalence"),
        "enough": statistics.ENOUGH,
        "changed_on": _changed_on(report, t, lang),
        "percent": partial(wording.percent, lang=lang),
        "number": partial(wording.number, lang=lang),
        **overview,
    }
    css = _asset("report.css") + _names_of_columns(t) + charts.css
    script = "" if alone else _asset("report.js")
    return _template().render(
        body,
        css=Markup(css),  # noqa: S704 - the project's own, like the script
        script=Markup(script),  # noqa: S704
        style_hash=_hash(css),
        script_hash=_hash(script),
        markers=charts.markers,
    )


def _overview(report: OfficerReport, pages: Pages, lang: Language) -> dict[str, Any]:
    """What stands before the officers' pages."""
    first = statistics.to_review_first(report.officers)["officer_id"].head(FIRST)
    return {
        "findings": sentences.findings(report, lang, pages.link),
        "review_first": [pages.line(officer) for officer in first],
        "units": pages.units(),
        "lines": [pages.line(officer) for officer in report.officers["officer_id"]],
        "trends": pages.trends("all", ""),
        "unit_names": sorted(set(report.officers["unit"]) - {""}),
        "measures": [(measure, wording.label_name(measure, lang)) for measure in pages.order],
        "before_after": None if report.before_after is None else pages.before_after("all", ""),
    }


def _changed_on(report: OfficerReport, t: dict[str, str], lang: Language) -> str:
    """Heading of the comparison around a date, if one was asked for."""
    changed = report.summary["changed"]
    return "" if changed is None else t["changed_on"].format(title=t["before_after"], date=wording.date(changed, lang))


def _names_of_columns(t: dict[str, str]) -> str:
    """Rules that name the figures of an officer's table on a phone, where its head has no room."""
    named = enumerate(("interval", "unit", "shrunk", "true"), 4)
    rules = [f'.profile td:nth-child({place})::before{{content:"{t[name]} "}}' for place, name in named]
    return f"@media screen and (max-width:46rem){{{''.join(rules)}}}"


def _hash(content: str) -> str:
    """What a content security policy calls an inline script or style by."""
    return "sha256-" + base64.b64encode(hashlib.sha256(content.encode()).digest()).decode()


def _asset(name: str) -> str:
    return resources.files(__package__).joinpath("templates", name).read_text(encoding="utf-8")


def _template() -> jinja2.Template:
    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("etikanlp.report"), autoescape=True, trim_blocks=True, lstrip_blocks=True,
        undefined=jinja2.StrictUndefined,
    )  # fmt: skip
    return environment.get_template("report.html.j2")
