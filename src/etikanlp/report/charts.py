"""The report's charts, drawn by matplotlib, as small SVG for a page: text as text, no style attributes."""

from __future__ import annotations

import io
import re
from collections.abc import Sequence
from typing import Any, Final, NamedTuple
from xml.etree import ElementTree

import matplotlib as mpl
import numpy as np
from markupsafe import Markup
from matplotlib.figure import Figure

INK: Final = "#1d2327"
SOFT: Final = "#5b656d"
RULE: Final = "#c9ced2"
ACCENT: Final = {"virtue": "#14655f", "violation": "#9a3324"}
"""The two colours that mean something; shapes and lengths say the same in black and white."""

_RC: Final[dict[Any, Any]] = {
    "svg.fonttype": "none",
    "svg.hashsalt": "etikanlp",
    "font.size": 10,
    "path.simplify": False,
}
_SVG: Final = "{http://www.w3.org/2000/svg}"
_XLINK: Final = "{http://www.w3.org/1999/xlink}href"
_INCH: Final = 72.0


class Point(NamedTuple):
    """A share with its interval, 0 to 1."""

    share: float
    low: float
    high: float


class Charts:
    """Draws the charts of one page.

    Markers and styles are alike in hundreds of drawings; each is written once a page, by :attr:`markers` and
    :attr:`css`, and the drawings point to it. Without that two hundred officers would not go into 3 MB, and style
    attributes would have to be allowed to the page.
    """

    def __init__(self) -> None:
        self._markers: dict[str, str] = {}
        self._names: dict[str, str] = {}
        self._styles: dict[str, str] = {}
        self._strip = Figure(figsize=(200 / _INCH, 16 / _INCH), dpi=_INCH)
        axes = self._strip.add_axes((0.03, 0, 0.94, 1))
        axes.set(xlim=(0, 1), ylim=(-1, 1))
        axes.axis("off")
        self._strip.patch.set_visible(False)
        common: dict[str, Any] = {"clip_on": False}
        axes.plot([0, 1], [0, 0], color=RULE, lw=0.75, **common)
        self._range = axes.plot([0, 1], [0, 0], lw=3.2, solid_capstyle="butt", alpha=0.5, **common)[0]
        self._unit = axes.plot([0, 0], [-0.85, 0.85], color=INK, lw=1.5, solid_capstyle="butt", **common)[0]
        self._raw = axes.plot([0], [0], "o", ms=6.5, mfc="white", mew=1.4, **common)[0]
        self._shrunk = axes.plot([0], [0], "D", ms=4.2, mew=0, **common)[0]

    def interval(self, point: Point, kind: str, unit: float | None = None, shrunk: float | None = None) -> Markup:
        """A strip from 0 to 1 with a share, its interval, the unit's mark and the share drawn towards the unit.

        The figures stand beside it in the page, so it is hidden from screen readers.

        Parameters
        ----------
        point : Point
        kind : str
            ``virtue`` or ``violation``: which colour.
        unit, shrunk : float, optional
            0 to 1; not drawn if not given.
        """
        colour = ACCENT[kind]
        self._range.set(xdata=[point.low, point.high], color=colour)
        self._raw.set(xdata=[point.share], markeredgecolor=colour)
        for artist, value in ((self._unit, unit), (self._shrunk, shrunk)):
            artist.set(visible=value is not None, xdata=np.full(np.size(artist.get_ydata()), value or 0.0))
        self._shrunk.set_markerfacecolor(colour)
        return self._svg(self._strip, 'class="strip" aria-hidden="true"', sized=False)

    def trend(
        self,
        points: Sequence[Point],
        starts: Sequence[str],
        kind: str,
        unit: Sequence[float] | None,
        described: tuple[str, str],
        percent: str = "%",
    ) -> Markup:
        """Shares by period with their intervals, and the unit's as a dashed line.

        Parameters
        ----------
        points : sequence of Point, one a period (NaN where there was no interaction)
        starts : sequence of str
            What is written under each period.
        kind : str
            ``virtue`` or ``violation``.
        unit : sequence of float, optional
            The unit's share in the same periods.
        described : tuple of str
            Title and description for screen readers.
        percent : str
            What stands after the figures of the axis.
        """
        figure = Figure(figsize=(4.6, 1.55), dpi=_INCH)
        figure.patch.set_visible(False)
        axes = figure.add_axes((0.1, 0.15, 0.885, 0.79))
        axes.patch.set_visible(False)
        x = np.arange(len(points))
        share, low, high = np.array(points, dtype=float).T
        top = max(0.1, np.ceil(np.nanmax([*high, *(unit or [])]) * 10) / 10)
        common: dict[str, Any] = {"clip_on": False}
        axes.vlines(x, low, high, color=ACCENT[kind], lw=3.2, alpha=0.5, **common)
        if unit is not None:
            axes.plot(x, unit, color=INK, lw=1.2, dashes=(4, 2.5), **common)
        axes.plot(x, share, color=ACCENT[kind], lw=1.2, **common)
        axes.plot(x, share, "o", ms=5.5, mfc="white", mec=ACCENT[kind], mew=1.4, **common)
        every = max(1, -(-len(x) // 6))
        axes.set(xlim=(-0.4, max(len(x) - 0.6, 0.6)), ylim=(0, top), xticks=x[::every], yticks=[0, top / 2, top])
        axes.set_xticklabels(list(starts)[::every], color=SOFT)
        axes.set_yticklabels([f"{100 * tick:.0f}{percent}" for tick in axes.get_yticks()], color=SOFT)
        axes.tick_params(length=0, pad=4)
        axes.spines[["top", "right", "left"]].set_visible(False)
        axes.spines["bottom"].set(color=RULE, linewidth=0.75)
        axes.hlines([top / 2, top], -0.4, max(len(x) - 0.6, 0.6), color=RULE, lw=0.5, zorder=0)
        title, description = described
        head = Markup("<title>{}</title><desc>{}</desc>").format(title, description)
        return self._svg(figure, 'class="trend" role="img"', head)

    @property
    def markers(self) -> Markup:
        """The markers that the drawings point to; to stand in the page once, before none of them in particular."""
        shapes = "".join(f'<path id="{name}" d="{path}"/>' for path, name in self._markers.items())
        return Markup(f'<svg class="hidden" aria-hidden="true"><defs>{shapes}</defs></svg>')  # noqa: S704 - drawn here

    @property
    def css(self) -> str:
        """The style rules that the drawings point to."""
        return "".join(f".{name}{{{style}}}" for style, name in self._styles.items())

    def _svg(self, figure: Figure, attributes: str, head: str = "", sized: bool = True) -> Markup:
        drawn = io.StringIO()
        with mpl.rc_context(_RC):
            figure.savefig(drawn, format="svg", metadata={"Date": None, "Creator": None})
        root = ElementTree.fromstring(drawn.getvalue())  # noqa: S314 - matplotlib's own, written a line above
        width, height = (float(side) for side in root.attrib["viewBox"].split()[2:])
        box = f'viewBox="0 0 {width:.4g} {height:.4g}"'
        box += f' width="{width * 4 / 3:.4g}" height="{height * 4 / 3:.4g}"' if sized else ""
        body = "".join(self._slim(element) for element in root)
        body = re.sub(r'(?<=<path class=")(\w+)" d="[^>]+(?:"/><path class="\1" d="[^>]+)+', _joined, body)
        # numbers, paths and escaped text of matplotlib's; the head is escaped where it is made
        return Markup(f"<svg {attributes} {box}>{head}{body}</svg>")  # noqa: S704

    def _slim(self, element: ElementTree.Element) -> str:
        """An element without what a page does not need: groups, ids, clipping, long numbers, repeated styles."""
        tag = element.tag.removeprefix(_SVG)
        if tag == "g":
            return "".join(self._slim(child) for child in element)
        if tag == "defs":
            for path in element.findall(f"{_SVG}path"):
                self._markers.setdefault(_short(path.attrib["d"]), f"m{len(self._markers)}")
                self._names[f"#{path.attrib['id']}"] = self._markers[_short(path.attrib["d"])]
            return ""
        style = self._style(element.get("style", ""))
        if tag == "path" and "d" in element.attrib:  # there is none where every value is missing
            return f'<path class="{style}" d="{_short(element.attrib["d"])}"/>'
        if tag == "use":
            x, y = (_short(element.attrib[side]) for side in "xy")
            return f'<use href="#{self._names[element.attrib[_XLINK]]}" class="{style}" x="{x}" y="{y}"/>'
        if tag == "text":
            at = re.search(r"translate\(([\d.]+) ([\d.]+)\)", element.get("transform", "")) or [
                "", element.get("x", "0"), element.get("y", "0")
            ]  # fmt: skip
            text = Markup.escape("".join(element.itertext()))
            return f'<text class="{style}" x="{_short(at[1])}" y="{_short(at[2])}">{text}</text>'
        return ""

    def _style(self, style: str) -> str:
        rules = [rule.strip() for rule in style.split(";") if rule.strip()]
        wanted = ";".join(rule.replace(": ", ":") for rule in rules if not rule.startswith(("font:", "font-family")))
        size = re.search(r"font: ([\d.]+px)", style)
        return self._styles.setdefault(f"font-size:{size[1]};{wanted}" if size else wanted, f"v{len(self._styles)}")


def _joined(paths: re.Match[str]) -> str:
    """Paths of one style, one after the other, as one."""
    return re.sub(r'"/><path class="\w+" d="', "", paths[0])


def _short(path: str) -> str:
    """Path data with one decimal and no white space that nothing needs."""
    rounded = re.sub(r"-?\d+\.\d+", lambda number: f"{float(number[0]):.1f}".removesuffix(".0"), path)
    return re.sub(r"\s*([MLCQzZ])\s*", r"\1", rounded).replace("-0 ", "0 ").strip()
