"""The command line; the only place that prints."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import click

DEFAULT_CORPUS = "data/annotated"
DEFAULT_MODEL = "models/etikanlp-id"

# Libraries are imported inside the commands, so that --help answers at once.
# ruff: noqa: PLC0415


def _pairs(ctx: click.Context, param: click.Parameter, given: tuple[str, ...]) -> dict[str, str]:
    """``text=isi,officer_id=agen`` as a dict; the option may be given several times."""
    pairs = [pair.partition("=") for pair in ",".join(given).split(",") if pair.strip()]
    if any(not sign or not name.strip() or not column.strip() for name, sign, column in pairs):
        raise click.BadParameter("write column=name pairs, for example text=isi,officer_id=agen", ctx, param)
    columns = {name.strip(): column.strip() for name, _, column in pairs}
    if len(columns) < len(pairs):
        raise click.BadParameter(f"{','.join(given)!r} names a column twice", ctx, param)
    return columns


_columns = click.option(
    "--columns",
    metavar="COLUMN=NAME,…",
    multiple=True,
    callback=_pairs,
    help="Columns of the log whose names are not recognised: text=isi,officer_id=agen.",
)
_model = click.option(
    "--model",
    "model_path",
    metavar="FOLDER",
    help="A trained model; default: $ETIKANLP_MODEL, models/, or the packaged one.",
)
_prevalence = click.option(
    "--prevalence", type=float,
    help="Share of officer turns expected to carry each violation, for example 0.003; probabilities are moved from "
    "the corpus's share to it, so that rare violations raise fewer false alarms.",
)  # fmt: skip


class _Group(click.Group):
    """Ends with status 2 and one sentence where the input is bad."""

    def invoke(self, ctx: click.Context) -> Any:
        from etikanlp.errors import EtikaError

        try:
            return super().invoke(ctx)
        except EtikaError as error:
            click.echo(f"etikanlp: {error}", err=True)
        except OSError as error:
            click.echo(f"etikanlp: {error.filename or 'a file'}: {error.strerror or error}", err=True)
        ctx.exit(2)


@click.group(cls=_Group, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(package_name="etikanlp")
def main() -> None:
    """Service ethics in Indonesian transcripts: flags per officer turn, a report per officer.

    \b
    A first round, from a clone of the project:
      etikanlp train
      etikanlp score data/examples/call_centre_week.csv --out scores.parquet
      etikanlp report scores.parquet --out report.html
      etikanlp explain "Kalau mau cepat, seikhlasnya saja, Pak."

    Everything runs on this machine; no word of a log is sent anywhere.
    """


@main.command()
@click.option(
    "--corpus", "folder", default=DEFAULT_CORPUS, show_default=True, help="Folder of annotated *.jsonl files."
)
@click.option("--out", default=DEFAULT_MODEL, show_default=True, help="Folder of the trained model.")
@click.option("--force", is_flag=True, help="Train even if the model there is of this corpus and version.")
@click.option("--tests", type=click.Path(), help="Folder of functional/ and groups/ cases to put into the model card.")
def train(folder: str, out: str, force: bool, tests: str | None) -> None:
    """Train a model on an annotated corpus and measure it on writers held out.

    The same corpus gives the same bytes. The measurements are in MODEL_CARD.md beside the model.
    """
    from etikanlp import card, training

    if not force and training.is_current(folder, out):
        click.echo(f"{out} is current; --force trains again")
        return
    with _waiting("training"):
        _, metrics = training.train(folder, out, tests=tests)
    click.echo(_table(metrics[["support", "precision", "recall", "f1", "average_precision", "ece"]]))
    click.echo(f"model: {out}\ncard:  {Path(out) / card.MODEL_CARD}")


@main.command()
@click.option(
    "--corpus", "folder", default=DEFAULT_CORPUS, show_default=True, help="Folder of annotated *.jsonl files."
)
@click.option("--out", required=True, type=click.Path(), help="Write the chosen settings here (JSON).")
def select(folder: str, out: str) -> None:
    """Choose the settings of the model on writers held out; takes some minutes.

    Training uses those in src/etikanlp/settings.json; benchmarks/accuracy/SELECTION.md keeps what was tried.
    """
    import json

    from etikanlp import corpus, selection

    settings, tried = selection.select(corpus.read(folder), progress=lambda row: click.echo(row, err=True))
    Path(out).write_text(json.dumps(settings, indent=1) + "\n", encoding="utf-8")
    click.echo(tried.to_string(index=False, float_format=lambda value: f"{value:.4f}"))


@main.command()
@click.argument("log", type=click.Path())
@click.option("--out", required=True, type=click.Path(), help="Score table: .parquet, .csv, .xlsx or .jsonl.")
@click.option("--resume", is_flag=True, help="Go on where an interrupted run of the same log stopped.")
@click.option(
    "--jobs",
    type=click.IntRange(min=1),
    help="Processes; default: one, or one a core from 50,000 rows on. The result is the same.",
)
@click.option(
    "--remember",
    metavar="FILE",
    type=click.Path(dir_okay=False),
    help="Keep stems of new words in FILE for later runs.",
)
@_columns
@_prevalence
@_model
def score(
    log: str,
    out: str,
    resume: bool,
    jobs: int | None,
    remember: str | None,
    columns: dict[str, str],
    prevalence: float | None,
    model_path: str | None,
) -> None:
    """Score every officer turn of LOG (CSV, Excel, JSON Lines, Parquet).

    \b
    LOG holds a row a turn:   interaction_id, speaker, text, officer_id [turn, unit, channel, at]
    or a row a written reply: officer_id, reply [customer_message, interaction_id, replied_at, unit]
    Common Indonesian and English names of columns and speakers are recognised.

    Rows that cannot be read go to OUT's name with .rejects.csv, with their reason.
    """
    summary = _score(log, out, columns, _load(model_path, prevalence), resume=resume, n_jobs=jobs, remember=remember)
    click.echo(f"scores: {summary.out}")


@main.command()
@click.argument("scores_or_log", type=click.Path())
@click.option(
    "--out",
    default="reports",
    show_default=True,
    type=click.Path(),
    help="Folder for HTML and Excel, or a file .html, .xlsx, or with --officer .pdf.",
)
@click.option("--officer", metavar="ID", help="Only the page of this officer, as PDF: --out page.pdf (needs Chromium).")
@click.option("--tables", type=click.Choice(["csv", "parquet"]), help="Write the tables too, a file each, into OUT.")
@click.option(
    "--lang", type=click.Choice(["id", "en"]), default="id", show_default=True, help="Language of the report."
)
@click.option("--before-after", metavar="DATE", help="Compare before with from DATE on (a training): 2026-06-01.")
@click.option("--no-mask", is_flag=True, help="Show names, numbers and addresses in excerpts: only for those entitled.")
@click.option(
    "--pseudonymise",
    "key_file",
    metavar="KEYFILE",
    type=click.Path(),
    help="Show officers under pseudonyms made with the key in this file (16 bytes or more; the same key gives the same "
    "pseudonyms). A file, not the key itself: what stands on a command line is seen by every user of the machine and "
    "kept in the shell's history. The score table keeps the ids.",
)
@_columns
@_prevalence
@_model
def report(
    scores_or_log: str,
    out: str,
    officer: str | None,
    tables: Any,
    lang: Any,
    before_after: str | None,
    no_mask: bool,
    key_file: str | None,
    columns: dict[str, str],
    prevalence: float | None,
    model_path: str | None,
) -> None:
    """Write the report per officer from a score table, or straight from a log.

    A log is scored first; its scores are kept beside the report. Scores made with --prevalence
    are reported with the same --prevalence.

    \b
      etikanlp report log.csv --out reports
      etikanlp report log.csv --officer B-201 --out B-201.pdf
      etikanlp report log.csv --out reports --tables csv
    """
    from etikanlp import scoring
    from etikanlp.errors import LogError
    from etikanlp.privacy import pseudonym, pseudonymise, read_key
    from etikanlp.report import officer_report
    from etikanlp.report.statistics import ANY_VIOLATION

    target = Path(out)
    kinds = {".pdf"} if officer else {"", ".html", ".xlsx"}
    kind = "" if target.is_dir() else target.suffix.lower()  # a folder may have a dot in its name
    if kind not in kinds:
        wanted = (
            "with .pdf (--officer)" if officer else "with .html or .xlsx, or name a folder; .pdf is for one --officer"
        )
        raise LogError(f"cannot write this report as {kind!r}; end --out {wanted}")
    name = Path(scores_or_log).stem.removesuffix(".scores")
    folder = target.parent if kind else target
    key = read_key(key_file) if key_file else None
    model = _load(model_path, prevalence)
    if scoring.is_score_table(scores_or_log):
        if columns:
            raise click.BadParameter(f"{scores_or_log} is a score table; its columns are known", param_hint="--columns")
        scores = scoring.read_scores(scores_or_log)
        if not scoring.is_of(scores, model):
            raise LogError(
                f"{scores_or_log}: scored by another model or with another --prevalence; name the same ones, or score "
                "the log again"
            )
    else:
        summary = _score(scores_or_log, folder / f"{name}.scores.parquet", columns, model)
        scores = scoring.read_scores(summary.out)
    if scores.empty:
        raise LogError(f"{scores_or_log} has no officer turn; check its speakers, or name them with --columns")
    if key:
        officer = pseudonym(officer, key) if officer and officer in set(scores["officer_id"]) else officer
        scores = pseudonymise(scores, key)
    with _waiting("report"):
        try:
            built = officer_report(scores, model, before_after, mask=not no_mask)
        except ValueError as error:
            raise click.BadParameter(str(error), param_hint="--before-after") from None
        paths = [target] if kind else [folder / f"{name}.{lang}.html", folder / f"{name}.{lang}.xlsx"]
        written = [_rendered(built, path, lang, officer) for path in paths]
        written += built.to_tables(folder / f"{name}.tables", tables) if tables else []
    shown = built.officers.set_index("officer_id")
    table = shown[["unit", "interactions"]].assign(
        **{label: shown[f"{label}_n"] for label in ("courtesy", "empathy", "transparency", "accountability")},
        violations=shown[f"{ANY_VIOLATION}_n"],
        note=[f"too few to judge, {needed} more needed" if needed else "" for needed in shown["needed"]],
    )
    click.echo("interactions showing each, by officer:")
    click.echo(_table(table.head(30)))
    if len(table) > 30:
        click.echo(f"… and {len(table) - 30} more officers")
    for path in written:
        click.echo(f"report: {path}")


@main.command()
@click.argument("annotated", type=click.Path())
@click.option("--json", "json_path", type=click.Path(), help="Write the metrics here as JSON too.")
@_model
def evaluate(annotated: str, json_path: str | None, model_path: str | None) -> None:
    """Measure a model on an ANNOTATED file or folder it was not trained on.

    Only interactions outside the training corpus say how right a model is.
    """
    import json

    from etikanlp import bundle, corpus, evaluation
    from etikanlp.codebook import LABELS

    model = bundle.load(model_path)
    turns = corpus.read(annotated)
    p = model.predict_proba(turns["text"], turns["context"])
    flags = model.flags(p)
    truth, interactions = turns[list(LABELS)].astype(bool), turns["interaction_id"].astype(str)
    of_turns = evaluation.label_metrics(truth, p, flags, interactions)
    of_interactions = evaluation.interaction_metrics(truth, p, flags, interactions)
    for name, table in (("turns", of_turns), ("interactions", of_interactions)):
        click.echo(f"{name}:\n{_table(table)}\n")
    if model.info.get("corpus", {}).get("sha256") == corpus.fingerprint(annotated):
        click.echo(
            "warning: this is the corpus the model was trained on; see MODEL_CARD.md for honest figures",
            err=True,
        )
    if json_path:
        tables = {"turns": of_turns.to_dict("index"), "interactions": of_interactions.to_dict("index")}
        Path(json_path).write_text(json.dumps(tables, indent=1) + "\n", encoding="utf-8")


@main.command()
@click.argument("text")
@click.option("--context", default="", help="What the customer said just before.")
@_model
def explain(text: str, context: str, model_path: str | None) -> None:
    """Say which labels one officer turn gets, how probable each is, and which words carried them."""
    from etikanlp import bundle

    model = bundle.load(model_path)
    p = model.predict_proba([text], [context]).iloc[0]
    given = model.flags(p.to_frame().T).iloc[0]
    words = model.explain(text, context)
    for label, probability in p.items():
        mark = "*" if given[label] else " "
        click.echo(f"{mark} {label:24} {probability:.2f}  (given from {model.thresholds[label]:.2f})")
        for word in words[words["label"] == label].itertuples():
            name = word.word if word.source == "text" else f"{word.word} ({word.source})" if word.word else "(baseline)"
            click.echo(f"      {word.weight:+7.2f}  {name}")


@main.group()
def corpus() -> None:
    """Look after the annotated corpus."""


_corpus_folder = click.argument("folder", default=DEFAULT_CORPUS, type=click.Path())


@corpus.command()
@_corpus_folder
def check(folder: str) -> None:
    """Validate every line of the corpus; name file, line and turn of each breach (status 2 if any)."""
    from etikanlp import corpus as annotated

    problems = annotated.check(folder)
    for problem in problems:
        click.echo(str(problem))
    if problems:
        click.echo(f"{len(problems)} problem(s)", err=True)
        sys.exit(2)
    click.echo(f"{len(annotated.files(folder))} files, no problem")


@corpus.command()
@_corpus_folder
def stats(folder: str) -> None:
    """Say what is in the corpus: labels, channels, sectors, hard negatives, groups named, leaking words."""
    from etikanlp import corpus as annotated

    for name, table in annotated.stats(folder).items():
        click.echo(f"{name}\n{table.to_string()}\n")


@corpus.command()
@_corpus_folder
def agreement(folder: str) -> None:
    """Agreement of the first and the blind second annotation, per label (Krippendorff's alpha)."""
    from etikanlp import corpus as annotated

    click.echo(annotated.agreement(folder).to_string())


def _rendered(built: Any, path: Path, lang: Any, officer: str | None) -> Path:
    """Write a report as the ending of the path says; officers done are counted on a terminal."""
    from functools import partial

    from tqdm import tqdm

    if officer:
        return built.to_pdf(path, officer, lang)
    if path.suffix.lower() == ".xlsx":
        return built.to_excel(path, lang)
    return built.to_html(
        path, lang, partial(tqdm, unit=" officers", disable=not sys.stderr.isatty(), leave=False, delay=2)
    )


def _load(path: str | None, prevalence: float | None) -> Any:
    from etikanlp import bundle

    model = bundle.load(path)
    if prevalence is None:
        return model
    try:
        return model.at_prevalence(prevalence)
    except ValueError as error:
        raise click.BadParameter(str(error), param_hint="--prevalence") from None


def _score(
    log: str, out: str | Path, columns: dict[str, str], model: Any, n_jobs: int | None = None, **options: Any
) -> Any:
    from etikanlp import scoring, sources

    rows = sources.estimate_rows(Path(log))
    with _progress(rows) as advance:
        summary = scoring.score_file(log, out, model, columns, advance, n_jobs=n_jobs or _jobs(rows), **options)
    click.echo(
        f"{summary.rows:,} rows in = {summary.rows_read:,} read + {summary.rows_rejected:,} rejected; "
        f"{summary.officer_turns:,} officer turns scored"
    )
    if summary.rejects:
        click.echo(f"rejects: {summary.rejects}")
    return summary


def _jobs(rows: int | None) -> int:
    """Processes that pay: one a core, but a single one for a log done in the time it takes to start another."""
    from joblib import cpu_count

    return cpu_count() if rows is None or rows > 50_000 else 1


@contextmanager
def _progress(total: int | None) -> Iterator[Callable[[int], object]]:
    """Rows per second and time left, on a terminal only."""
    from tqdm import tqdm

    with tqdm(total=total, unit=" rows", unit_scale=True, disable=not sys.stderr.isatty(), leave=False, delay=2) as bar:
        yield bar.update


@contextmanager
def _waiting(what: str) -> Iterator[None]:
    """Say what goes on, on a terminal only."""
    show = sys.stderr.isatty()
    if show:
        click.echo(f"{what} …", err=True)
    yield


def _table(table: Any) -> str:
    """A table for the terminal: counts whole, shares with three digits."""
    return str(table.to_string(float_format=lambda value: f"{value:.3f}"))
