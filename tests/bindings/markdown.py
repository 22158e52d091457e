"""Code blocks and links of Markdown files, for the tests of the documents."""
import dataclasses
import pathlib
import re


@dataclasses.dataclass
class Block:
    file: pathlib.Path
    line: int       # of its first line of code
    language: str   # "" for an indented block
    code: str

    @property
    def where(self):
        return f"{self.file.name}:{self.line}"


def blocks(file):
    """Fenced and indented blocks, in order."""
    found, fence, start, body = [], None, 0, []
    lines = file.read_text().split("\n")
    previous_blank = True
    indented = None
    for number, line in enumerate(lines + [""], 1):
        if fence is not None:
            if line.strip() == "```":
                found.append(Block(file, start, fence, "\n".join(body)))
                fence = None
            else:
                body.append(line)
            continue
        if indented is not None and line.strip() and not line.startswith("    "):
            found.append(Block(file, start, "", "\n".join(body).rstrip()))
            indented = None
        opening = re.match(r"```(\{?[\w-]*\}?)", line)
        if opening:
            fence, start, body = opening[1], number + 1, []
        elif indented is not None:
            body.append(line[4:])
        elif line.startswith("    ") and line.strip() and previous_blank:
            indented, start, body = True, number, [line[4:] if not line.startswith("      ") else line.lstrip()]
        previous_blank = not line.strip()
    if indented is not None:
        found.append(Block(file, start, "", "\n".join(body).rstrip()))
    return found


def section(text, title):
    """The text below a heading of the second level."""
    match = re.search(rf"^## {re.escape(title)}\n(.*?)(?=^## |\Z)", text, re.M | re.S)
    return match[1] if match else None


def commands(code):
    """The command lines of a shell block, continued lines joined and comments dropped."""
    joined = re.sub(r"\\\n\s*", " ", code)
    lines = (re.sub(r"(^|\s)#.*$", "", line).strip() for line in joined.split("\n"))
    return [line for line in lines if line]
