"""The model card: what a model is for, how right it is, and what it must not be used for."""

from __future__ import annotations

import io
from typing import Any, Final

import pandas as pd

from etikanlp import bundle
from etikanlp.codebook import CODEBOOK, LABELS
from etikanlp.model import Model

MODEL_CARD: Final = "MODEL_CARD.md"
RELIABILITY: Final = "reliability.svg"


def model_card(model: Model) -> str:
    """The model card, Markdown, from what the model knows of itself."""
    info = model.info
    definitions = "\n".join(
        f"| `{label.id}` | {label.kind} | {label.definition['en']} | {threshold:.2f} |"
        for label, threshold in zip(CODEBOOK, model.thresholds, strict=True)
    )
    settings = info["settings"]["classifier"]
    versions = ", ".join(f"{name} {version}" for name, version in info["versions"].items())
    of_corpus = info["corpus"]
    return f"""# Model card: {bundle.NAME}

One-vs-rest linear support vector machines over TF-IDF of Sastrawi stems and within-word character n-grams of an
officer's turn, and of the stems of what the customer said just before. Names of groups of people are one and the same
feature. Probabilities are calibrated and thresholds chosen on turns of writers held out.

## Labels

| Label | Kind | Means | Given from |
| --- | --- | --- | --- |
{definitions}

## How right it is

Measured on {of_corpus["officer_turns"]:,} officer turns of {of_corpus["interactions"]:,} interactions by
{of_corpus["writers"]} writers, each turn judged by a model that saw nothing of its writer or its scenario (five folds;
terms, weights, calibration and thresholds learned inside each). Intervals: 95 %, bootstrap over interactions.

### Turns

{_metrics_table(info["metrics"]["turns"])}

### Interactions (a label is shown when at least one officer turn shows it)

{_metrics_table(info["metrics"]["interactions"])}

### False alarms

Of 1,000 turns without any violation, so many got a violation flag as the model stands, and when told that each
violation occurs in {100 * info["rare"]:.1f} % of turns (`--prevalence {info["rare"]}`), which also lets more
violations pass:

{_alarms_table(info["metrics"])}

Of the corpus turns that name a group of people neutrally or in defence,
{100 * info["metrics"]["neutral_mention"]:.0f} % were flagged discriminatory.
{_groups(info["metrics"])}

### Do the probabilities mean what they say?

![Reliability diagrams]({RELIABILITY})

For each label: of the turns given a probability near x, the share y that carries the label. On the diagonal the two
agree. Bars: the number of turns, on a logarithmic scale. ECE in the tables above is the expected calibration error, the
mean distance between the two.

### The review band

Between a clear yes and a clear no lies a band of probabilities that should be read before anything is said. It is
chosen so that {100 * settings["review_precision"]:.0f} % of the flags above it are right and at most
{100 - 100 * settings["review_recall"]:.0f} % of the cases lie below it, as far as the label allows; measured:

{_review_table(model)}

### Explanations

Without the words named as decisive {100 * info["metrics"]["deletion"]:.0f} % of the labels given are gone (measured on
one corpus turn in {info["deletion_every"]}).
{_functions(info["metrics"])}

## Intended use

To order what a quality-assurance team reads, and to describe officers and units with stated error. A flag is a
reason to read the turn, never a finding: about one in {_one_in(info)} violation flags on turns like these is wrong,
and a share of the violations goes unflagged.

## Misuse

- Discipline, pay or promotion on flags that nobody has read in their context.
- Ranking officers on few interactions, or across units with different customers.
- Judging customers; only officer turns are judged.
- Any language but Indonesian with its regional colouring; any field far from service talk.

## Corpus and versions

The corpus was written for this purpose and not collected from people, so violations are far more frequent in it than in
a real log; see its datasheet. Where violations are rare a larger share of flags is wrong than the precision
above says.

- Corpus SHA-256: `{of_corpus["sha256"]}`
- {versions}
- Stems and stemming: Sastrawi, whose word list comes from Kateglo under CC BY-NC-SA 3.0.
"""


def _metrics_table(metrics: dict[str, dict[str, float]]) -> str:
    lines = [
        "| Label | Positive | Precision | Recall | F1 (95 %) | Average precision | ECE |",
        "| --- | --: | --: | --: | :-: | --: | --: |",
    ]
    for label, m in metrics.items():
        f1 = f"{m['f1']:.2f} ({m['f1_low']:.2f}–{m['f1_high']:.2f})"
        rest = f"{m['average_precision']:.2f} | {m['ece']:.3f}"
        lines.append(f"| {label} | {m['support']:.0f} | {m['precision']:.2f} | {m['recall']:.2f} | {f1} | {rest} |")
    return "\n".join(lines)


def _review_table(model: Model) -> str:
    lines = [
        "| Label | Band | Turns in the band | Flags above it that are right | Cases flagged or in the band |",
        "| --- | :-: | --: | --: | --: |",
    ]
    for label, (low, high) in zip(LABELS, model.weights.bands, strict=True):
        m = model.info["metrics"]["review"][label]
        shares = f"{100 * m['review']:.1f} % | {100 * m['sure_precision']:.0f} % | {100 * m['found']:.0f} %"
        lines.append(f"| {label} | {low:.2f}–{high:.2f} | {shares} |")
    return "\n".join(lines)


def reliability_diagrams(tables: dict[str, pd.DataFrame]) -> str:
    """One small reliability diagram a label, as SVG.

    References
    ----------
    A. Niculescu-Mizil and R. Caruana (2005), Predicting good probabilities with supervised learning.
    """
    import matplotlib as mpl  # noqa: PLC0415 - loaded only to draw
    from matplotlib.figure import Figure  # noqa: PLC0415

    with mpl.rc_context({"svg.hashsalt": "etikanlp", "svg.fonttype": "none", "font.size": 8}):
        figure = Figure(figsize=(9, 4.6), layout="constrained")
        for axes, (label, table) in zip(
            figure.subplots(2, 4, sharex=True, sharey=True).flat, tables.items(), strict=True
        ):
            axes.plot([0, 1], [0, 1], color="0.75", linewidth=0.8)
            axes.plot(table["stated"], table["observed"], color="black", marker="o", markersize=3, linewidth=1)
            counts = axes.twinx()
            counts.bar(table["stated"], table["n"], width=0.04, color="0.85", zorder=0)
            counts.set(yscale="log", ylim=(1, 1e7), yticks=[])
            counts.tick_params(which="minor", right=False)
            axes.set(title=label, xlim=(0, 1), ylim=(0, 1), zorder=1)
            axes.patch.set_visible(False)
        figure.supxlabel("stated probability")
        figure.supylabel("observed share")
        drawn = io.StringIO()
        figure.savefig(drawn, format="svg", metadata={"Date": None})
    return drawn.getvalue()


def _alarms_table(metrics: dict[str, Any]) -> str:
    lines = [
        "| Label | Alarms per 1,000 | Recall | Alarms per 1,000, rare | Recall, rare |",
        "| --- | --: | --: | --: | --: |",
    ]
    for label, rate in metrics["per_1000_ordinary"].items():
        rare = metrics["rare"][label]
        recall = metrics["turns"][label]["recall"]
        lines.append(f"| {label} | {rate:.1f} | {recall:.2f} | {rare['alarms']:.1f} | {rare['recall']:.2f} |")
    return "\n".join(lines)


def _groups(metrics: dict[str, Any]) -> str:
    if "groups" not in metrics:
        return ""
    m = metrics["groups"]
    share = {name: f"{100 * value:.1f} %" for name, value in m.items() if name != "names"}
    return f"""
Swapping {m["names"]} names of groups in the same sentences changes {share["flipped"]} of the verdicts. Neutral
sentences are flagged in {share["neutral_flagged"]} of cases ({share["neutral_flagged_worst"]} for the worst group),
discriminatory ones in {share["discriminatory_flagged"]}."""


def _functions(metrics: dict[str, Any]) -> str:
    if "functions" not in metrics:
        return ""
    functions = metrics["functions"]
    cases = sum(f["cases"] for f in functions.values())
    right = sum(f["cases"] * f["right"] for f in functions.values()) / cases
    lines = [
        "",
        "### Functional tests",
        "",
        f"{cases:,} hand-written turns, one expectation each, none of them in the corpus; {100 * right:.1f} % right, "
        f"{sum(f['right'] < 0.7 for f in functions.values())} of {len(functions)} functions under 70 %.",
        "",
        "| Function | Tests | Cases | Right |",
        "| --- | --- | --: | --: |",
        *(f"| {name} | {f['tests']} | {f['cases']} | {100 * f['right']:.0f} % |" for name, f in functions.items()),
    ]
    return "\n".join(lines)


def _one_in(info: dict[str, Any]) -> str:
    """How many violation flags there are to a wrong one, as measured."""
    of_label = info["metrics"]["turns"]
    precision = [of_label[label.id]["precision"] for label in CODEBOOK if label.kind == "violation"]
    wrong = 1 - sum(precision) / len(precision)
    return f"{1 / wrong:.0f}" if wrong > 0 else "many"
