"""The pages work without a mouse, without a script, and within their own policy."""

from __future__ import annotations

import base64
import hashlib
import re

import pytest
from tests.edge.test_reference import Page

from entrepot.edge import reference
from entrepot.edge.dialects import ALL
from entrepot.edge.safe_headers import FOR_PAGES, STYLE

# What a keyboard cannot go to, and what hides where it is.
_HIDING = re.compile(r"visibility:\s*hidden|display:\s*none|outline(-style|-width)?:\s*(none|0)")

pages = pytest.mark.parametrize("path", ["/", *(f"/reference/{one.name}" for one in ALL)])


async def page_at(path: str) -> str:
    return (await reference.pages()[path]())[2].decode()


def hidden(style: str) -> list[str]:
    on_screen, _, printed = style.partition("@media print")
    assert "}" not in printed.partition("}\n}")[2], "paper comes last"
    return [found[0] for found in _HIDING.finditer(on_screen)]


def test_the_style_hides_nothing_that_a_keyboard_goes_to() -> None:
    """The link to an operation was invisible until it had the focus, which it never got so."""
    assert hidden(STYLE) == []


@pytest.mark.parametrize(
    "style",
    [
        ".anchor { visibility: hidden; }", "a:focus { outline: none; }", "a { outline: 0; }",
        ".skip { display: none; }",
    ],
)  # fmt: skip
def test_a_style_that_hides_is_found(style: str) -> None:
    assert len(hidden(style)) == 1


@pages
async def test_a_page_works_without_a_mouse(path: str) -> None:
    text = await page_at(path)
    page = Page(text)
    assert all(page.links), "a link that leads nowhere gets no focus"
    # The page's own order is the order of the keyboard, and a summary opens with its key.
    assert not re.search(r"tabindex|autofocus|accesskey|<area|<button|<input|role=", text)
    assert text.count("<details") == text.count("<summary")
    if path != "/":
        assert page.links[0] == "#main", "the first stop leads past the list of operations"
    assert "main" in page.ids


@pages
async def test_a_page_needs_no_script_and_keeps_its_policy(path: str) -> None:
    """A browser carries out one style, whose digest the policy has, and nothing else."""
    text = await page_at(path)
    policy = dict(FOR_PAGES)[b"content-security-policy"].decode()
    rules = dict(one.strip().partition(" ")[::2] for one in policy.split(";"))
    assert rules["default-src"] == rules["form-action"] == rules["base-uri"] == "'none'"
    [style] = re.findall(r"<style>(.*?)</style>", text, re.DOTALL)
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    assert rules["style-src"] == f"'sha256-{digest}'"
    assert not re.search(r"<(script|img|link|iframe|form|object|base)\b|\son\w+=|\sstyle=", text)
    assert "javascript:" not in text
    assert "url(" not in style
