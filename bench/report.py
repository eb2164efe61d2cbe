"""One run as a table for a terminal, and as Markdown for docs/performance.md."""

from __future__ import annotations

from pathlib import Path

from rich.console import Console
from rich.table import Table

from bench.rows import Result, Row

BEGIN = "<!-- bench: begin -->"
END = "<!-- bench: end -->"
HEADINGS = (
    "measure", "request", "engine", "role", "connections", "orders/s", "of empty",
    "p50 ms", "p99 ms", "note",
)  # fmt: skip
_NUMBERS = frozenset({"connections", "orders/s", "of empty", "p50 ms", "p99 ms"})
_WIDE = 160


def cells(row: Row) -> tuple[str, ...]:
    """A row as text, in the order of the headings."""
    return (
        row.measure,
        row.what,
        row.engine,
        row.role,
        str(row.concurrency),
        f"{row.rate:,.0f}",
        "" if row.of_empty is None else f"{row.of_empty:.2f}",
        f"{row.p50:.2f}",
        f"{row.p99:.2f}",
        f"FAILED: {row.failed}" if row.failed else row.note,
    )


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
            style="red" if row.failed else None,
            end_section=_group(follows) != _group(row),
        )
    console.print(table)


def _group(row: Row) -> tuple[str, str, str]:
    return row.engine, row.role, row.measure


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
