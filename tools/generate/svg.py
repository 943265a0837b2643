"""Small drawings as SVG: a white card with lines, areas, dots and words, in pixels from the top left corner."""

import html
from collections.abc import Iterable, Sequence

WIDTH = 680
INK, SOFT, RULE, BLUE, ORANGE, GREEN = "#1c2126", "#59626c", "#d5dade", "#0072b2", "#d55e00", "#007a59"

type Point = tuple[float, float]


def card(title: str, height: int, *parts: str) -> str:
    """The whole file; the title is what a screen reader says."""
    head = (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" width="{WIDTH}" height="{height}" '
        f'role="img" font-family="system-ui, sans-serif" font-size="13">'
    )
    body = f'<rect width="{WIDTH}" height="{height}" rx="6" fill="#ffffff"/>'
    return "\n".join([head, f"<title>{html.escape(title)}</title>", body, *parts, "</svg>", ""])


def line(points: Iterable[Point], colour: str = INK, width: float = 1.5, dash: str = "") -> str:
    dashed = f' stroke-dasharray="{dash}"' if dash else ""
    return f'<polyline points="{_joined(points)}" fill="none" stroke="{colour}" stroke-width="{width:g}"{dashed}/>'


def bars(ends: Iterable[Point], base: float, colour: str, width: float) -> str:
    """Upright bars from a common base."""
    path = "".join(f"M{x:.1f},{base:.1f}V{y:.1f}" for x, y in ends)
    return f'<path d="{path}" stroke="{colour}" stroke-width="{width:g}"/>'


def area(points: Iterable[Point], colour: str, opacity: float) -> str:
    return f'<polygon points="{_joined(points)}" fill="{colour}" fill-opacity="{opacity:g}"/>'


def band(x: Sequence[float], low: Sequence[float], high: Sequence[float], colour: str, opacity: float) -> str:
    """The area between two lines over the same x."""
    return area([*zip(x, high, strict=True), *reversed(list(zip(x, low, strict=True)))], colour, opacity)


def dot(at: Point, colour: str = INK, radius: float = 3) -> str:
    return f'<circle cx="{at[0]:.1f}" cy="{at[1]:.1f}" r="{radius:g}" fill="{colour}"/>'


def words(at: Point, text: str, colour: str = INK, anchor: str = "start", bold: bool = False) -> str:
    weight = ' font-weight="600"' if bold else ""
    place = f'x="{at[0]:.1f}" y="{at[1]:.1f}"'
    return f'<text {place} fill="{colour}" text-anchor="{anchor}"{weight}>{html.escape(text)}</text>'


def _joined(points: Iterable[Point]) -> str:
    return " ".join(f"{x:.1f},{y:.1f}" for x, y in points)
