"""What newcomers read, in both languages, and the blocks of code in it."""

import re
from dataclasses import dataclass
from pathlib import Path

from markdown_it import MarkdownIt

from genhub.handbook.rendering import FOLDER, INDEX, SUBJECTS

ROOT = Path(__file__).resolve().parents[2]
NAMES = (INDEX, *SUBJECTS)
ENGLISH = [ROOT / "README.md", *(FOLDER / "en" / f"{name}.md" for name in NAMES)]
CHINESE = [
    ROOT / ".github" / "README.zh-CN.md",
    *(FOLDER / "zh-Hans" / f"{name}.md" for name in NAMES),
]
COMMENT = re.compile(r"(^|\s+)#\s.*$", re.M)
# What a reader of either language would write in their own.
OWN_WORDS = re.compile(r'("(?:prompt|reason|Accept-Language)": )"[^"]*"')


@dataclass(frozen=True)
class Block:
    """One fenced block."""

    path: Path
    line: int
    kind: str
    code: str

    @property
    def place(self) -> str:
        return f"{self.path.relative_to(ROOT)}:{self.line}"

    @property
    def bare(self) -> str:
        """Return its code without comments and without words of one language."""
        return OWN_WORDS.sub(r'\1"…"', COMMENT.sub("", self.code))


def read_blocks(path: Path) -> list[Block]:
    """Return the fenced blocks of a document, in order."""
    tokens = MarkdownIt("commonmark").parse(path.read_text("utf-8"))
    fences = [token for token in tokens if token.type in {"fence", "code_block"}]
    return [Block(path, (t.map or [0])[0] + 1, t.info.strip(), t.content) for t in fences]
