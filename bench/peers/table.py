"""One run as a table for a terminal and as Markdown for a document."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from rich.console import Console
from rich.table import Table

from bench.peers.figures import Load, Ratio, Result, Shop

BEGIN = "<!-- peers: begin -->"
END = "<!-- peers: end -->"
NONE = "-"
DRIVER_MOST = 0.1
_WIDE = 230


def headings(result: Result) -> tuple[str, ...]:
    """The columns; figures of several client counts stand in one, in this order."""
    clients = ", ".join(result.settings["clients"].split())
    return (
        "system", f"orders/s at {clients}", "p50 ms", "p99 ms", "errors", "flash sale: sold of 100",
        "oversold", "memory MB", "start s", "cores: it + PostgreSQL", "note",
    )  # fmt: skip


def cells(shop: Shop) -> tuple[str, ...]:
    """A shop as text, in the order of the headings."""

    def each(figure: Callable[[Load], str]) -> str:
        return " / ".join(figure(load) for load in shop.loads) or NONE

    sale = shop.sale
    said = [] if shop.ours else [shop.how]
    driver = max((load.driver_cores for load in shop.loads), default=0.0)
    if driver > DRIVER_MOST:
        said.append(f"the driver used {driver:.0%} of a core, which may bound this")
    said += [f"error: {load.first_error}" for load in shop.loads if load.first_error][:1]
    if sale and sale.errors:
        said.append(f"{sale.errors} errors in the flash sale: {sale.first_error}")
    if sale and not sale.errors and sale.promised != sale.sold:
        said.append(f"{sale.promised} buyers were told that they have it")
    if shop.failed:
        said.insert(0, f"FAILED: {shop.failed}")
    return (
        shop.name if shop.ours else f"{shop.name} ({shop.version})",
        each(lambda load: number(load.rate)),
        each(lambda load: number(load.p50)),
        each(lambda load: number(load.p99)),
        str(sum(load.errors for load in shop.loads)) if shop.loads else NONE,
        f"{sale.sold} in {sale.seconds:.1f} s" if sale else NONE,
        str(sale.oversold) if sale else NONE,
        f"{shop.memory / 1e6:,.0f}" if shop.memory else NONE,
        f"{shop.start_seconds:.1f}" if shop.start_seconds else NONE,
        each(lambda load: f"{load.shop_cores:.1f}+{load.postgres_cores:.1f}"),
        "; ".join(said),
    )


def number(value: float) -> str:
    """Three figures that count, or all of them before the point."""
    return f"{value:,.0f}" if value >= 100 else f"{value:.3g}"


def sentences(ratios: list[Ratio]) -> list[str]:
    """A line for each ratio."""
    return [
        f"{one.name}: {one.what} {one.value:.2f} of {one.other_name}'s"
        if one.what == "memory"
        else f"{one.name}: {one.what} {one.value:,.0f} times {one.other_name}'s"
        for one in ratios
    ]


def print_table(result: Result) -> None:
    """Print the machine, the versions, the one table and the ratios."""
    console = Console()
    if not console.is_terminal:
        console = Console(width=_WIDE)
    for name, value in {**result.machine, **result.settings}.items():
        console.print(f"[bold]{name}[/bold]: {value}", highlight=False)
    table = Table(title="Side by side, one run", show_lines=True)
    for heading in headings(result):
        table.add_column(heading)
    for shop in result.shops:
        table.add_row(*cells(shop), style="red" if shop.failed else None)
    console.print(table)
    for line in sentences(result.ratios):
        console.print(line, highlight=False)


def markdown(result: Result) -> str:
    """The same as Markdown."""
    names = headings(result)
    lines = [f"- {name}: {value}" for name, value in {**result.machine, **result.settings}.items()]
    lines += ["", _line(names), _line(("---",) * len(names))]
    lines += [_line(cells(shop)) for shop in result.shops]
    if result.ratios:
        lines += ["", *(f"- {line}" for line in sentences(result.ratios))]
    return "\n".join(lines) + "\n"


def _line(texts: tuple[str, ...]) -> str:
    escaped = (text.replace("|", "\\|").replace("\n", " ") for text in texts)
    return "| " + " | ".join(escaped) + " |"


def put_into(path: Path, text: str) -> None:
    """Replace what stands between the two marks in a document. Raises ValueError without marks."""
    document = path.read_text()
    head, begun, rest = document.partition(BEGIN)
    _, ended, tail = rest.partition(END)
    if not begun or not ended:
        raise ValueError(f"{path} has no {BEGIN} ... {END}")
    path.write_text(f"{head}{BEGIN}\n{text}{END}{tail}")
