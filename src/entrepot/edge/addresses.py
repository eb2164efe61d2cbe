"""Addresses of people, as they are compared: e-mail, telephone, handle. A placeholder gives None.

Senders write a placeholder where a form demands an address. A placeholder names nobody, and many
people have the same one.
"""

from __future__ import annotations

import hashlib
import re
import unicodedata
from functools import lru_cache

from entrepot.core.addresses import ascii_digits, folded
from entrepot.core.naming import SEEN

# An index holds names up to a length; a longer one is known by its digest.
NAME_MAX = 200

# Words that people, shops and programs write for nobody, folded, without the signs around them.
_NOBODY = frozenset({
    "", "0", "-1", "na", "n/a", "n.a", "no", "none", "null", "nil", "nan", "undefined",
    "unknown", "anonymous", "anon", "guest", "guest user", "guest customer", "customer", "default",
    "dummy", "empty", "missing", "not applicable", "not available", "not provided", "not given",
    "no email", "no e-mail", "noemail", "no mail", "no phone", "nophone", "no number", "no name",
    "noname", "no handle", "no customer", "placeholder", "private", "hidden", "redacted", "tba",
    "tbd", "unbekannt", "keine", "kein", "gast", "inconnu", "desconocido", "sconosciuto",
    "false", "nobody", "walk-in", "walk in", "walkin", "walk-in customer", "no id", "not set",
    "unset", "unspecified", "object object", "undefined undefined", "null null", "anonym",
    "laufkunde", "laufkundschaft", "invité", "anonyme", "aucun", "aucune", "invitado", "anónimo",
    "ninguno", "sin correo", "ospite", "anonimo", "nessuno", "convidado", "anônimo",
    "desconhecido", "nenhum", "onbekend", "geen", "gäst", "okänd", "gæst", "gjest", "ukendt",
    "ukjent", "ingen", "vieras", "tuntematon", "gość", "nieznany", "brak", "neznámý", "misafir",
    "bilinmiyor", "yok", "гость", "нет", "неизвестно", "аноним", "гість", "немає", "άγνωστο",
    "επισκέπτης", "אורח", "אין", "زائر", "مجهول", "لا يوجد", "अतिथि", "客人", "访客", "訪客",
    "游客", "匿名", "未知", "无", "無", "没有", "なし", "不明", "ゲスト", "게스트", "익명", "없음",
    "n.n", "nomen nescio", "unbekannter kunde", "cliente desconocido", "client inconnu",
    "n a", "k a", "k.a", "n v t", "n.v.t", "keine angabe", "sin nombre", "sans nom", "senza nome",
    "no data", "nodata", "no value", "no account", "not known", "not entered", "not specified",
    "not registered", "unregistered", "customer id", "guestuser", "guestcustomer", "gastkunde",
    "gastbestellung", "walk in customer", "cash customer", "cash sale", "counter sale",
    "pos customer", "retail customer", "test customer", "client de passage", "client comptoir",
    "cliente generico", "cliente genérico", "consumidor final", "público en general",
    "publico en general", "неизвестный", "неизвестная",
})  # fmt: skip
# Words that say no more beside one of the words above: `unknown customer`, `guest_checkout`.
_ABOUT = frozenset({
    "account", "buyer", "checkout", "client", "cliente", "contact", "customer", "customers",
    "email", "id", "kunde", "mail", "name", "order", "person", "phone", "shopper", "user",
    "visitor",
})  # fmt: skip
_WORD_MIN = 3  # a shorter word is as often a country or a number: `customer-no`, `customer_0`
_BETWEEN = re.compile(r"[\s._/\\-]+")
_shaped = re.compile(SEEN).search
_letter = re.compile(r"[^\W_]").search
_NO_NUMBER = re.compile(r"0+[.,]0+|x{3,20}")
# What a spreadsheet or a database writes where it has no value.
_NO_VALUE = re.compile(r"#(?:ref|value|name|num|div/0|null)[!?]|\\n|%[sdi]")
# What people write into both parts of a mailbox: `test@test.com`, `user@example.org`.
_FILLED_IN = frozenset({
    "abc", "abcd", "admin", "asdf", "bar", "blank", "changeme", "correo", "deleted", "domain",
    "dummy", "email", "example", "fake", "foo", "kunde", "mail", "name", "noone", "nowhere", "ohne",
    "placeholder", "qwerty", "removed", "sample", "somebody", "someone", "temp", "test", "user",
    "username", "void", "xx", "xxx", "xyz", "yourdomain", "youremail", "yourname",
})  # fmt: skip
# The name of a value in the place of the value: a template that nobody filled in.
_UNFILLED = re.compile(r"\{\{.*\}\}|[$#]\{.*\}|<%.*%>|%[a-z][a-z0-9_.]*%")
# Mailboxes that answer nobody, at any domain; and parts of their names that say so.
_NO_MAILBOX = re.compile(
    r"(?:.*[._+-])?(?:no|do[._-]?not)[._-]?(?:reply|respond|answer)[0-9]*(?:[._+-].*)?\Z"
)
_NO_LOCAL = (_NOBODY - {"n.n"}) | {
    "noreply", "nomail", "no-email", "no.email", "postmaster", "mailer-daemon",
}  # fmt: skip
_NO_DOMAIN = re.compile(
    r"(?:.*\.)?(?:invalid|localhost|localdomain|no-?e?mail\.[a-z]+|none\.[a-z]+|unknown\.[a-z]+"
    r"|noreply\.[a-z]+|no-reply\.[a-z]+|na\.na)\Z"
)
_MAILBOX = re.compile(r"[^@\s]+@[^@\s]+\Z")
_DIGITS = re.compile(r"[^0-9]+")
_EXTENSION = re.compile(
    r"(?:;ext=|\s*(?:ext(?:ension)?|x|#|durchwahl|int)\s*[.:]?\s*)[0-9]{1,7}\s*\Z",
    re.IGNORECASE | re.ASCII,
)
_DIGITS_MIN, _DIGITS_MAX = 5, 17
# A customer may well have the number 00; of more zeros nobody is the first.
_UUID_DIGITS, _ZEROS_MIN = 32, 4
_ALL_OVER, _ZEROS = re.compile(r"([0-9]{1,4})\1{2,}|(?:([0-9])\2*)?"), "0" * 7
_COUNTING = "01234567890123456789", "98765432109876543210"


# Customers come again, as with their addresses below.
@lru_cache(maxsize=4096)
def own_id(kind: str, text: str) -> tuple[str, str] | None:
    """The sender's own id for a customer, exactly as written, without blanks around it."""
    value = text.strip()
    plain = value.replace("-", "").lower()
    filled = len(plain) == _UUID_DIGITS and len(set(plain)) == 1
    zeros = len(plain) >= _ZEROS_MIN and not plain.strip("0")
    if filled or zeros or _is_nobody(value):
        return None
    if _MAILBOX.match(value) and email(value) is None:
        return None
    return indexed(kind, value)


def is_mailbox(text: str) -> bool:
    """Whether a text can be a mailbox, a placeholder among them."""
    return _MAILBOX.match(folded(text)) is not None


@lru_cache(maxsize=4096)
def email(text: str) -> tuple[str, str] | None:
    """A mailbox: its case does not count, its letters do."""
    mailbox = folded(text)
    if not _MAILBOX.match(mailbox):
        return None
    local, _, domain = mailbox.partition("@")
    if local in _NO_LOCAL or _is_nowhere(domain) or _says_nobody(local):
        return None
    label = domain.partition(".")[0]
    if local in _FILLED_IN and label in _FILLED_IN:
        return None
    if local == label and (local.isdigit() or len(set(local)) == 1):
        return None
    # An address that nobody answers has one of these words. Looking for the words takes less time
    # than matching the patterns.
    answering = "reply" in local or "respond" in local or "answer" in local
    if answering and _NO_MAILBOX.match(local):
        return None
    return indexed("email", mailbox)


@lru_cache(maxsize=4096)
def _is_nowhere(domain: str) -> bool:
    return _NO_DOMAIN.match(domain) is not None


def handle(text: str) -> tuple[str, str] | None:
    """A name on some network; whether its case counts is the network's matter, so it does here."""
    name = text.strip() if text.isascii() else unicodedata.normalize("NFC", text).strip()
    return None if _is_nobody(name.removeprefix("@")) else indexed("handle", name)


@lru_cache(maxsize=4096)
def phone(text: str) -> tuple[str, str] | None:
    """A telephone number: the digits of its international form, where a country is told.

    Digits of every script are read, `00` is `+`, and what stands in brackets for calls within the
    country is left out. An extension rings at the same telephone system and is not compared. A
    number without a country keeps its digits: nobody knows where it is.
    """
    plain = _EXTENSION.sub("", ascii_digits(text).strip())
    digits = _DIGITS.sub("", plain)
    if digits.startswith("00") and not plain.startswith("+"):
        plain, digits = "+" + digits[2:], digits[2:]
    if plain.startswith("+"):
        digits = _international(plain, digits)
    if not _DIGITS_MIN <= len(digits) <= _DIGITS_MAX or _is_filler(digits):
        return None
    return "phone", digits


def indexed(kind: str, value: str) -> tuple[str, str]:
    """A name as its index holds it: a digest stands for a long one."""
    if len(value) > NAME_MAX:
        value = hashlib.sha256(value.encode()).hexdigest()
    return kind, value


def digits_of(text: str) -> str:
    """Every ASCII digit of a text, which is how books from before 0.2 compared telephones."""
    return _DIGITS.sub("", text)


def _is_nobody(text: str) -> bool:
    if len(text) > NAME_MAX:
        return _letter(text) is None or _shaped(text) is None  # no word for nobody is so long
    plain = folded(text if text.isascii() else unicodedata.normalize("NFKC", text))
    bare = _without_marks(plain)
    if plain in _NOBODY or bare in _NOBODY or _says_nobody(bare):
        return True
    if _letter(plain) is None or _shaped(plain) is None:
        return True  # marks alone, or nothing to see
    return any(one.fullmatch(plain) for one in (_NO_NUMBER, _UNFILLED, _NO_VALUE))


def _without_marks(text: str) -> str:
    """The text from its first letter or digit to its last one."""
    first, last = _letter(text), _letter(text[::-1])
    return text[first.start() : len(text) - last.start()] if first and last else ""


def _says_nobody(text: str) -> bool:
    """Whether several words say together that there is nobody, whatever stands between them."""
    words = _BETWEEN.split(text)
    if len(words) == 1:
        return False
    if " ".join(words) in _NOBODY:
        return True
    known = all(
        word in _ABOUT or (len(word) >= _WORD_MIN and word in _NOBODY) for word in words
    )  # fmt: skip
    return known and any(word in _NOBODY and word not in _ABOUT for word in words)


def _international(text: str, digits: str) -> str:
    """The digits of the number's E.164 form; these where no country is found in it."""
    # Imported here: most processes and most senders never meet a telephone number.
    import phonenumbers  # noqa: PLC0415

    try:
        number = phonenumbers.parse(text)
    except phonenumbers.NumberParseException:
        return digits
    if _is_filler(str(number.national_number)):
        return ""
    return str(phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164))[1:]


def _is_filler(digits: str) -> bool:
    """Whether somebody only filled the field: one digit or a few all over, zeros to the end, or
    counting up or down.
    """
    if _ALL_OVER.fullmatch(digits) or _ALL_OVER.fullmatch(digits.lstrip("0")):
        return True
    if digits.endswith(_ZEROS):
        return True
    return any(digits in counting for counting in _COUNTING)
