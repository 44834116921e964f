"""The officer report as one HTML page: no script, no request to anywhere, everything escaped."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import jinja2
import pandas as pd
from markupsafe import Markup, escape

from etikanlp.codebook import CODEBOOK, LABELS, VIRTUES, Language
from etikanlp.privacy import shown_as
from etikanlp.report import statistics, wording
from etikanlp.tables import unfinished

if TYPE_CHECKING:
    from etikanlp.report import OfficerReport


def write(report: OfficerReport, path: Path, lang: Language) -> Path:
    """Render the report; the file appears under its name only when complete."""
    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("etikanlp.report"), autoescape=True, trim_blocks=True, lstrip_blocks=True,
        undefined=jinja2.StrictUndefined,
    )  # fmt: skip
    page = environment.get_template("report.html.j2").render(
        lang=lang,
        t={key: phrase[lang] for key, phrase in wording.TEXT.items()},
        label_name=lambda measure: wording.label_name(measure, lang),
        percent=wording.percent,
        between=wording.between,
        number=lambda value, digits=0: wording.number(value, lang, digits),
        date=lambda value: wording.date(value, lang, clock=True),
        channel=lambda value: wording.CHANNEL[lang].get(value, value or "–"),
        period=wording.period(report.summary["first"], report.summary["last"], lang),
        mask=lambda text: shown_as(text, report.masked),
        highlighted=lambda text, stretches: highlighted(text, stretches, report.masked),
        masked_note=wording.TEXT["masked" if report.masked else "unmasked"][lang],
        codebook=CODEBOOK,
        labels=LABELS,
        virtues=VIRTUES,
        measures=statistics.MEASURES,
        any_violation=statistics.ANY_VIOLATION,
        enough=statistics.ENOUGH,
        summary=report.summary,
        overall=report.summary["overall"],
        metrics=report.summary["model"].get("metrics", {}).get("turns", {}),
        units=report.units.to_dict("records"),
        unit_of={unit["unit"]: unit for unit in report.units.to_dict("records")},
        officers=report.officers.to_dict("records"),
        review_first=statistics.to_review_first(report.officers).to_dict("records"),
        flags_of=_by_officer(report.flags),
    )
    with unfinished(path) as part:
        part.write_text(page, encoding="utf-8", newline="\n")
        return part.replace(path)


def highlighted(text: str, stretches: list[tuple[int, int, float]], masked: bool = True) -> Markup:
    """The text, masked unless told otherwise and escaped, with the given stretches marked in four depths of weight."""
    shown, parts, done = shown_as(text, masked), [], 0
    for start, end, share in sorted(stretches):
        if start < done or share < 0.1:
            continue
        depth = min(int(share * 4) + 1, 4)
        parts += [
            escape(shown[done:start]),
            Markup('<mark class="w{}">{}</mark>').format(depth, shown[start:end]),
        ]
        done = end
    return Markup("").join([*parts, escape(shown[done:])])


def _by_officer(flags: pd.DataFrame) -> dict[str, list[dict[str, Any]]]:
    return {str(officer): part.to_dict("records") for officer, part in flags.groupby("officer_id")}
