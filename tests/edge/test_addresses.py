# ruff: noqa: RUF001 - other scripts' digits are what is tested
"""Addresses as they are compared: case and blanks fold, look-alikes and placeholders do not."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from entrepot.core.addresses import folded
from entrepot.edge import addresses

ONE_PHONE = [
    ["+4915112345678", "004915112345678", "+49 151 12345678", "+49 (0)151 12345678",
     "+49-151-12345678", "0049 (0) 151/12345678", "٠٠٤٩١٥١١٢٣٤٥٦٧٨", "+٤٩١٥١١٢٣٤٥٦٧٨",
     "＋４９ １５１ １２３４５６７８", "+४९१५११२३४५६७८", " +49 151 123456 78 "],
    ["+442079460018", "+44 (0)20 7946 0018", "+44 020 7946 0018", "0044 20 7946 0018",
     "+44 20 7946 0018 ext. 12", "+44 20 7946 0018;ext=12", "+44 20 7946 0018 x12",
     "+44 20 7946 0018 extension 3", "442079460018"],
    ["+1 555 000 1111", "+1 (555) 000-1111", "001 555 000 1111", "+1.555.000.1111"],
    ["030 1234567", "(030) 123 45 67", "030/1234567", "٠٣٠ ١٢٣٤٥٦٧"],
    ["+39 06 1234 5678", "0039 06 12345678"],
]  # fmt: skip


@pytest.mark.parametrize("spellings", ONE_PHONE, ids=lambda group: group[0])
def test_one_telephone_however_it_is_written(spellings: list[str]) -> None:
    assert len({addresses.phone(text) for text in spellings}) == 1
    assert addresses.phone(spellings[0]) is not None


def test_telephones_are_told_apart() -> None:
    known = {addresses.phone(spellings[0]) for spellings in ONE_PHONE}
    assert len(known) == len(ONE_PHONE)


PHONES_OF_NOBODY = [
    "", " ", "-", "n/a", "none", "unknown", "0", "0000000000", "000-000-0000", "+0000000000",
    "1111111111", "+1 111 111 1111", "+49 000000000", "9999999999", "1234567890", "123456789",
    "0123456789", "9876543210", "1234", "٠٠٠٠٠٠٠٠٠٠", "+", "1" * 30,
    "0999999999", "+33 6 00 00 00 00", "0800 0000000", "+1 800 000 0000", "1000000000", "12121212",
    "123 123 123", "0101010101",
]  # fmt: skip


@pytest.mark.parametrize("text", PHONES_OF_NOBODY)
def test_a_telephone_of_nobody(text: str) -> None:
    assert addresses.phone(text) is None


@pytest.mark.parametrize(
    ("first", "second", "same"),
    [
        ("Ada@Example.org", " ada@example.ORG ", True),
        ("jos\u00e9@x.org", "JOSE\u0301@X.org", True),
        ("\u212bsa@x.org", "\u00e5sa@x.org", True),  # the Angstrom sign is that letter by NFC
        ("straße@example.com", "strasse@example.com", False),
        ("STRASSE@example.com", "straße@example.com", False),
        ("o\ufb03ce@x.org", "office@x.org", False),
        ("\u017fam@x.org", "sam@x.org", False),
        ("\u0430da@x.org", "ada@x.org", False),  # the Cyrillic letter
        ("jos\u00e9@x.org", "jose@x.org", False),
        ("ada+shop@x.org", "ada@x.org", False),
    ],
)
def test_two_mailboxes(first: str, second: str, same: bool) -> None:
    one, other = addresses.email(first), addresses.email(second)
    assert one is not None
    assert (one == other) is same


MAILBOXES_OF_NOBODY = [
    "", "n/a", "none", "unknown", "-", "a", "@", "@x.org", "ada@", "ada x@y z", "none@none.com",
    "noreply@shop.example.com", "no-reply@x.org", "no_reply@x.org", "donotreply@x.org",
    "DO-NOT-REPLY@x.org", "no-reply-amazon-iba-buyer@marketplace.amazon.it",
    "orders.noreply@x.org", "n/a@x.org", "unknown@x.org", "guest@x.org", "x@y.invalid",
    "x@localhost", "ada@noemail.com", "mailer-daemon@x.org", "test@test.com", "user@example.org",
    "Email@Domain.com", "123@123.com", "unknown.customer@x.org", "guest_checkout@x.org",
    "x@x.com", "aa@aa.aa", "AAA@aaa.com", "foo@bar.com", "someone@example.com", "admin@admin.com",
    "yourname@domain.com", "noreply123@x.org", "no-reply2+1@x.org", "ohne@email.de",
]  # fmt: skip


@pytest.mark.parametrize("text", MAILBOXES_OF_NOBODY)
def test_a_mailbox_of_nobody(text: str) -> None:
    assert addresses.email(text) is None


@pytest.mark.parametrize("text", [
    "nora.reply@x.org", "reply@x.org", "a.none.b@x.org", "x@na.org", "test@x.org", "ada@test.com",
    "user@x.org", "n.n@x.org", "ann@ann.org", "123@x.org", "customer.service@x.org", "x@y.org",
    "aa@bb.org", "admin@x.org", "bar@x.org", "reply2@x.org",
])  # fmt: skip
def test_a_mailbox_of_somebody(text: str) -> None:
    assert addresses.email(text) == ("email", text)


NOBODY = [
    "", " ", "0", "-1", "n/a", "N/A", " na ", "none", "NULL", "undefined", "Unknown", "(unknown)",
    "anonymous", "Guest", "guest  customer", "-", "--", "...", "[none]",
    "[object Object]", "{{customer.id}}", "${id}", "%customer_id%", "<%= id %>", "False", "Walk-In",
    "Invité", "INVITE\u0301", "Okänd", "Гость", "НЕТ", "客人", "ゲスト", "익명", "مجهول",
    "?", "???", "\u00b7", "+", "~", "\u200b", "\ufeff", "\u2800", "xxx", "XXXX", "0.0", "0,00",
    "unknown customer", "Anonymous User", "guest_checkout", "guest-user", "default account",
    "not-applicable", "not_provided", "no_customer", "WALK_IN", "N.N.", "Unbekannter Kunde",
    "ｎｏｎｅ", "Ｎ／Ａ", "N / A", "n\\a", "k. A.", "“n/a”", "none!", "None,", "NULL\u200b",
    "\u200bguest",
    "no data", "not-specified", "keine Angabe", "sin nombre", "Cash Customer", "consumidor final",
    "Неизвестный", "customer_id", "[customer_id]", "{customer_id}", "$customer", "%s", "#REF!",
    "\\N", "unknown_customer_id", "guest@guest.com", "noreply@shop.com",
    "11111111-1111-1111-1111-111111111111",
    "0000000000", "ffffffff-ffff-ffff-ffff-ffffffffffff", "00000000-0000-0000-0000-000000000000",
]  # fmt: skip
# Of these only a sender's own id is nobody's.
IDS_OF_NOBODY = {"-1", *NOBODY[-6:]}


@pytest.mark.parametrize("text", ["a" + "-" * 150 + "0", "a" + "- " * 5_000 + "0", "none" * 51])
def test_a_long_id_is_somebodys(text: str) -> None:
    """Looking for the marks around it takes time in proportion to its length."""
    assert addresses.own_id("konvo", text) is not None
    assert addresses.handle(text) is not None
    assert addresses.own_id("konvo", "-_" * 5_000) is None


@pytest.mark.parametrize("text", NOBODY)
def test_an_id_and_a_handle_of_nobody(text: str) -> None:
    assert addresses.own_id("konvo", text) is None
    assert text in IDS_OF_NOBODY or addresses.handle(text) is None


SOMEBODY = [
    "1", "7", "customer_67890", "cafe\u0301", "Straße", "00", "a b", "100%", "{7}", "x", "xx",
    "customer_0", "customer-no", "customer na", "customer account", "default-7", "no.7",
    "unknown-ltd", "0.5",
]  # fmt: skip


@pytest.mark.parametrize("text", SOMEBODY)
def test_an_id_of_somebody_is_kept_to_the_letter(text: str) -> None:
    assert addresses.own_id("konvo", f" {text} ") == ("konvo", text)
    assert addresses.own_id("konvo", text.upper()) != ("konvo", text) or text == text.upper()


def test_a_long_name_is_known_by_its_digest() -> None:
    kind, value = addresses.own_id("konvo", "x" * 201) or ("", "")
    assert (kind, len(value)) == ("konvo", 64)
    assert addresses.own_id("konvo", "x" * 200) == ("konvo", "x" * 200)


@given(st.text(max_size=40))
def test_folding_twice_is_folding_once(text: str) -> None:
    assert folded(folded(text)) == folded(text)
    for read in (addresses.email, addresses.phone, addresses.handle):
        found = read(text)
        if found is not None and read is not addresses.handle:
            assert read(found[1]) in (found, None)
