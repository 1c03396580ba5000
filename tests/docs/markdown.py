"""Reads Markdown as far as the tests need it: headings, fenced blocks, links."""

import re
from dataclasses import dataclass
from pathlib import Path

_FENCE = re.compile(r"^```(\S*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_LINK = re.compile(r"!?\[[^\]]*\]\(([^)\s]+)\)|\b(?:src|srcset|href)=\"([^\"]+)\"")
_HEADING = re.compile(r"^(#+) (.+)$", re.MULTILINE)


@dataclass(frozen=True)
class Block:
    """A fenced block and the language that its fence names."""

    language: str
    text: str


def blocks(path: Path) -> list[Block]:
    """The fenced blocks of a file."""
    return [Block(language, text) for language, text in _FENCE.findall(path.read_text())]


def blocks_by_heading(path: Path) -> dict[str, list[Block]]:
    """The fenced blocks below each heading."""
    _, *chapters = re.split(r"^#+ ", path.read_text(), flags=re.MULTILINE)
    return {
        heading: [Block(language, text) for language, text in _FENCE.findall(chapter)]
        for heading, _, chapter in (chapter.partition("\n") for chapter in chapters)
    }


def headings(path: Path) -> list[tuple[int, str]]:
    """The level and the text of each heading."""
    return [(len(marks), text) for marks, text in _HEADING.findall(_prose(path))]


def anchors(path: Path) -> set[str]:
    """The ids that GitHub gives the headings."""
    return {re.sub(r"[^\w\- ]", "", text.lower()).replace(" ", "-") for _, text in headings(path)}


def links(path: Path) -> list[str]:
    """The targets of all links and images."""
    return [inline or attribute for inline, attribute in _LINK.findall(_prose(path))]


def _prose(path: Path) -> str:
    without_blocks = _FENCE.sub("", path.read_text())
    return re.sub(r"`[^`\n]*`", lambda code: code[0].replace("[", "").replace("]", ""), without_blocks)
