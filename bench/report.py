"""One run as a table for a terminal, and as Markdown for docs/performance.md."""

from __future__ import annotations

from pathlib import Path

from rich.console import Console
from rich.table import Table

from bench.rows import Result, Row

BEGIN = "<!-- bench: begin -->"
END = "<!-- bench: end -->"
HEADINGS = (
    "#", "measure", "what", "engine", "role", "processes", "connections", "rate", "ratio", "of",
    "target", "met", "of empty", "p50 ms", "p99 ms", "note",
)  # fmt: skip
_NUMBERS = frozenset(
    {"#", "processes", "connections", "rate", "ratio", "of empty", "p50 ms", "p99 ms"}
)
_WIDE = 240


def cells(row: Row) -> tuple[str, ...]:
    """A row as text, in the order of the headings."""
    return (
        str(row.number or ""),
        row.measure,
        row.what,
        row.engine,
        row.role,
        str(row.workers or ""),
        str(row.concurrency or ""),
        f"{_figure(row.rate)} {row.unit}".rstrip(),
        "" if row.ratio is None else f"{row.ratio:.2f}",
        row.of,
        row.target,
        "" if row.met is None else "yes" if row.met else "NO",
        "" if row.of_empty is None else f"{row.of_empty:.2f}",
        f"{row.p50:.2f}" if row.p50 else "",
        f"{row.p99:.2f}" if row.p99 else "",
        f"FAILED: {row.failed}" if row.failed else row.note,
    )


def _figure(value: float) -> str:
    return f"{value:,.0f}" if value >= 100 or value == 0 else f"{value:.3g}"


def colour(row: Row) -> str | None:
    """How a terminal shows the row: red where it failed, yellow where its target is missed."""
    if row.failed:
        return "red"
    return "yellow" if row.met is False else None


def print_table(result: Result) -> None:
    """Print the machine and the one table."""
    console = Console()
    if not console.is_terminal:
        console = Console(width=_WIDE)
    for name, value in {**result.machine, **result.settings}.items():
        console.print(f"[bold]{name}[/bold]: {value}", highlight=False)
    table = Table(title="Entrepot, one run")
    for heading in HEADINGS:
        table.add_column(heading, justify="right" if heading in _NUMBERS else "left")
    for at, row in enumerate(result.rows):
        follows = result.rows[at + 1] if at + 1 < len(result.rows) else row
        table.add_row(
            *cells(row),
            style=colour(row),
            end_section=_group(follows) != _group(row),
        )
    console.print(table)


def _group(row: Row) -> tuple[str, str]:
    return row.measure, row.engine


def markdown(result: Result) -> str:
    """The same as Markdown."""
    lines = [f"- {name}: {value}" for name, value in {**result.machine, **result.settings}.items()]
    lines += ["", _line(HEADINGS)]
    lines.append(_line(tuple("---:" if name in _NUMBERS else "---" for name in HEADINGS)))
    lines += [_line(cells(row)) for row in result.rows]
    return "\n".join(lines) + "\n"


def _line(texts: tuple[str, ...]) -> str:
    return "| " + " | ".join(text.replace("|", "\\|") for text in texts) + " |"


def put_into(path: Path, text: str) -> None:
    """Replace what stands between the two marks in a document. Raises ValueError without marks."""
    document = path.read_text()
    head, begun, rest = document.partition(BEGIN)
    _, ended, tail = rest.partition(END)
    if not begun or not ended:
        raise ValueError(f"{path} has no {BEGIN} ... {END}")
    path.write_text(f"{head}{BEGIN}\n{text}{END}{tail}")
