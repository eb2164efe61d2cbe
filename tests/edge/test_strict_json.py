"""Every body has one meaning or is refused with a place and a sentence."""

import json
import math
from typing import Any

import msgspec
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from entrepot.edge.soundness import VALUES_MAX
from entrepot.edge.strict_json import (
    InvalidJson,
    decode,
)


class Line(msgspec.Struct, rename="camel"):
    price: msgspec.Raw
    quantity: int = 1
    list_price: int | None = None


class Order(msgspec.Struct, forbid_unknown_fields=True):
    items: list[Line] = []
    labels: dict[str, int] = {}
    note: str = ""
    anything: msgspec.Raw = msgspec.Raw(b"null")


ANY = msgspec.json.Decoder()
ORDER = msgspec.json.Decoder(Order)
ORDERS = msgspec.json.Decoder(list[Order])

# name: (body, path, words of the problem); read without a type.
BAD = {
    "empty": (b"", "", "empty"),
    "blank": (b" \r\n\t", "", "empty"),
    "two UTF-8 byte order marks": (b"\xef\xbb\xbf" * 2 + b"{}", "", "not valid JSON"),
    "a UTF-8 byte order mark alone": (b"\xef\xbb\xbf", "", "empty"),
    "UTF-16 with a mark": ("{}".encode("utf-16"), "", "UTF-16"),
    "UTF-16 little end first": ('{"a":1}'.encode("utf-16-le"), "", "UTF-16"),
    "UTF-16 big end first": ('{"a":1}'.encode("utf-16-be"), "", "UTF-16"),
    "UTF-32": ('{"a":1}'.encode("utf-32-be"), "", "UTF-32"),
    "invalid UTF-8": (b'{"a":"\xff"}', "", "not valid UTF-8 (byte 6)"),
    "Latin-1": ('{"a":"é"}'.encode("latin-1"), "", "not valid UTF-8"),
    "overlong UTF-8": (b'"\xc0\x80"', "", "not valid UTF-8"),
    "surrogate in UTF-8": (b'"\xed\xa0\x80"', "", "not valid UTF-8"),
    "trailing word": (b"{} x", "", "trailing characters"),
    "two documents": (b"{}{}", "", "trailing characters"),
    "truncated": (b'{"a":[1,', "", "truncated"),
    "string without end": (b'{"a":"b', "", "not valid JSON"),
    "a million quotes that end nothing": (b'"\\' * 1_000_000, "", "not valid JSON"),
    "brackets that cross": (b'{"a":[1}]', "", "not valid JSON"),
    "trailing comma": (b"[1,]", "", "not valid JSON"),
    "key without quotes": (b"{a:1}", "", "not valid JSON"),
    "single quotes": (b"{'a':1}", "", "not valid JSON"),
    "comment": (b"[1] // one", "", "not valid JSON"),
    "leading zero": (b"[01]", "", "not valid JSON"),
    "leading plus": (b"[+1]", "", "not valid JSON"),
    "point without digits": (b"[1.]", "", "not valid JSON"),
    "hexadecimal": (b"[0x10]", "", "not valid JSON"),
    "form data": (b"a=1&b=2", "", "not valid JSON"),
    "noise": (bytes(range(1, 128)), "", "not valid JSON"),
    "binary noise": (bytes(range(256)), "", "binary"),
    "bare line feed in a string": (b'["a\nb"]', "", "not valid JSON"),
    "unknown escape": (b'["\\x41"]', "", "not valid JSON"),
    "NaN": (b'{"a":[1,{"b":NaN}]}', "a[1].b", "NaN"),
    "Infinity": (b'{"a":Infinity}', "a", "Infinity"),
    "minus Infinity": (b"[-Infinity]", "[0]", "Infinity"),
    "1e400": (b'{"items":[{"price":1e400}]}', "items[0].price", "out of range"),
    "-1E+309": (b'{"a":-1E+309}', "a", "out of range"),
    "exponent of many digits": (b"[1e99999999999999999999]", "[0]", "out of range"),
    "41 digits": (b'{"a":0.' + b"1" * 40 + b"}", "a", "40 digits"),
    "a million digits": (b"[" + b"1" * 1_000_000 + b"]", "[0]", "40 digits"),
    "2^63": (b'{"a":9223372036854775808}', "a", "2^63"),
    "-2^63-1": (b"[0,-9223372036854775809]", "[1]", "2^63"),
    "raw NUL": (b'{"abc":"d\x00"}', "abc", "NUL"),
    "escaped NUL": (b'{"a":["x","\\u0000"]}', "a[1]", "NUL"),
    "escaped NUL in a key": (b'{"a\\u0000":1}', '["a\\u0000"]', "NUL"),
    "NUL outside": (b'{"a":1}\x00', "", "NUL"),
    "lone high surrogate": (b'{"a":"\\ud800"}', "a", "surrogate"),
    "lone low surrogate": (b'{"a":"\\uDC00x"}', "a", "surrogate"),
    "surrogates the wrong way round": (b'["\\ude00\\ud83d"]', "[0]", "surrogate"),
    "two high surrogates": (b'["\\ud83d\\ud83d\\ude00"]', "[0]", "surrogate"),
    "surrogates apart": (b'["\\ud83d \\ude00"]', "[0]", "surrogate"),
    "surrogates apart by an escape": (b'["\\ud83d\\n\\ude00"]', "[0]", "surrogate"),
    "low surrogate after a written one": (b'["\\\\ud83d\\ude00"]', "[0]", "surrogate"),
    "surrogate in a key": (b'{"\\ud800":1}', '["\\ud800"]', "surrogate"),
    "depth 33": (b"[" * 33 + b"]" * 33, "", "deeper than 32"),
    "depth 33 of objects": (b'{"a":' * 33 + b"1" + b"}" * 33, "", "deeper than 32"),
    "depth 33 after wide ones": (b"[" + b"[[]]," * 99 + b"[" * 32 + b"]" * 33, "", "deeper"),
    "depth 1,000": (b"[" * 1000 + b"]" * 1000, "", "deeper than 32"),
    "depth 100,000": (b"[" * 100_000 + b"]" * 100_000, "", "deeper than 32"),
    "100,000 brackets never closed": (b"[" * 100_000, "", "deeper than 32"),
    "100,000 objects never closed": (b'{"a":' * 100_000, "", "deeper than 32"),
    "100,000 brackets never opened": (b"]" * 100_000, "", "not valid JSON"),
    "too many values": (b"[" + b"[]," * VALUES_MAX + b"[]]", "", "values"),
    "duplicate key": (b'{"a":1,"a":1}', "a", "more than once"),
    "duplicate key below": (
        b'[{},{"items":[{},{"price":1,"q":{"price":3},"price":2}]}]',
        "[1].items[1].price",
        "more than once",
    ),
    "duplicate key by an escape": (b'{"a":1,"\\u0061":2}', "a", "more than once"),
    "duplicate key of odd letters": (b'{"a b":1,"a b":2}', '["a b"]', "more than once"),
    "duplicate empty key": (b'{"":1,"":2}', '[""]', "more than once"),
    "duplicate key after a string of colons": (
        b'{"a":":","b":"\\":","b":"\\\\"}',
        "b",
        "more than once",
    ),
}


@pytest.mark.parametrize(("body", "path", "words"), BAD.values(), ids=BAD.keys())
def test_a_bad_body_is_refused_with_its_place(body: bytes, path: str, words: str) -> None:
    with pytest.raises(InvalidJson) as refused:
        decode(body, ANY)
    assert refused.value.path == path
    assert words in refused.value.problem


# A field that no type looks at is as strict as any other.
@pytest.mark.parametrize(
    "value",
    [b"1e400", b"NaN", b'"\xff"', b'"\\u0000"', b'"\\ud800"', b'{"a":1,"a":2}', b"9" * 19],
    ids=repr,
)
def test_raw_fields_are_checked_too(value: bytes) -> None:
    with pytest.raises(InvalidJson):
        decode(b'{"anything":' + value + b"}", ORDER)


MISFITS = {
    "wrong type": (b'{"items":[{"price":1,"quantity":"x"}]}', "items[0].quantity", "`int`"),
    "a field is missing": (b'{"items":[{"price":1},{}]}', "items[1].price", "required"),
    "a field is unknown": (b'{"zz":1}', "zz", "unknown"),
    "renamed field": (b'{"items":[{"price":1,"listPrice":"a"}]}', "items[0].listPrice", "`str`"),
    "value of a map": (b'{"labels":{"a":"b"}}', "labels[...]", "Expected `int`"),
    "the whole": (b"[]", "", "Expected `object`, got `array`"),
    "a key that looks like a place": (b'{"x - at `$.y`":1}', '["x - at `$.y`"]', "unknown"),
}


@pytest.mark.parametrize(("body", "path", "words"), MISFITS.values(), ids=MISFITS.keys())
def test_a_misfit_is_refused_with_its_place(body: bytes, path: str, words: str) -> None:
    with pytest.raises(InvalidJson) as refused:
        decode(body, ORDER)
    assert refused.value.path == path
    assert words in refused.value.problem


def test_a_place_inside_an_array_starts_with_its_position() -> None:
    with pytest.raises(InvalidJson) as refused:
        decode(b'[{},{"items":[{}]}]', ORDERS)
    assert refused.value.path == "[1].items[0].price"


def test_a_long_key_is_not_echoed_whole() -> None:
    key = b"k" * 10_000
    with pytest.raises(InvalidJson) as refused:
        decode(b'{"%s":1,"%s":1}' % (key, key), ANY)
    assert refused.value.path == "k" * 64


GOOD = [
    b"0",
    b"-0",
    b" null ",
    b'""',
    b"9223372036854775807",
    b"-9223372036854775808",
    b"1.7976931348623157e308",
    b"1e-400",
    b"0.30000000000000004",
    b'"\\ud83d\\ude00"',
    b'"\\uD83D\\uDE00\\uD83D\\uDE00"',
    b'"\\\\u0000 \\\\ud800"',
    b'"NaN 1e400 99999999999999999999 [[[ {\\"a\\":1,\\"a\\":1}"',
    '"\U0001f600 é"'.encode(),
    b'[{"a":1},{"a":1,"b":{"a":1}}]',
    b"[" * 32 + b"]" * 32,
    b"[" + b"[[],{}]," * 9999 + b"[]]",
    b'"' + b"[" * 100_000 + b'"',
]


@pytest.mark.parametrize("body", GOOD, ids=lambda body: repr(body[:24]))
def test_a_good_body_is_read_as_by_the_standard_library(body: bytes) -> None:
    assert decode(body, ANY) == json.loads(body)


def test_depth_is_the_callers_choice() -> None:
    assert decode(b"[[]]", ANY, depth_max=2) == [[]]
    with pytest.raises(InvalidJson, match="deeper than 1 "):
        decode(b"[[]]", ANY, depth_max=1)


class Unacceptable(Exception):
    """The standard library read it, and the law forbids it."""


def reference(body: bytes) -> Any:
    """The same law, said with the standard library: slow, and as plain as can be."""

    def unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        if len({key for key, _ in pairs}) != len(pairs):
            raise Unacceptable
        return dict(pairs)

    def integer(text: str) -> int:
        if not -(2**63) <= int(text) < 2**63:
            raise Unacceptable
        return int(text)

    def fraction(text: str) -> float:  # NaN and Infinity come here as well
        if not math.isfinite(float(text)) or sum(map(str.isdigit, text)) > 40:
            raise Unacceptable
        return float(text)

    def depth(value: Any) -> int:
        inner = value.values() if isinstance(value, dict) else value
        return 1 + max(map(depth, inner), default=0) if isinstance(value, dict | list) else 0

    def texts(value: Any) -> str:
        if isinstance(value, dict):
            return "".join(key + texts(inner) for key, inner in value.items())
        return "".join(map(texts, value)) if isinstance(value, list) else str(value)

    hooks: Any = {"parse_constant": fraction, "parse_int": integer, "parse_float": fraction}
    value = json.loads(body.decode(), object_pairs_hook=unique, **hooks)
    everything = texts(value)
    if depth(value) > 32 or "\0" in everything:
        raise Unacceptable
    everything.encode()  # a lone surrogate cannot be
    return value


def verdict(read: Any, body: bytes) -> Any:
    try:
        return ("read", json.dumps(read(body)))
    except (Unacceptable, ValueError, RecursionError):
        return ("refused", None)


# Few letters, so that keys meet; and every piece that could be mistaken for structure.
pieces = st.sampled_from(
    ["a", "b", ":", '"', "\\", "{", "}", "[", "]", ",", " ", "\0", "é", "\U0001f600", "\ud800"],
)
texts = st.lists(pieces, max_size=4).map("".join)
spellings = st.sampled_from(
    [
        *("0", "-0", "1", "12.50", "1e3", "-1.5E+2", "1e308", "1e309", "1e400", "1e-400", "NaN"),
        *("-Infinity", "9223372036854775807", "9223372036854775808", "-9223372036854775808"),
        *("-9223372036854775809", "0." + "1" * 39, "0." + "1" * 40, "01", "1.", "+1", "true"),
    ],
)
strings = st.builds(
    lambda text, ascii_: json.dumps(text, ensure_ascii=ascii_), texts, st.booleans()
)


def containers(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    member = st.tuples(strings, inner).map(" : ".join)
    return st.one_of(
        st.lists(inner, max_size=4).map(lambda values: "[" + ",".join(values) + "]"),
        st.lists(member, max_size=4).map(lambda members: "{" + ", ".join(members) + "}"),
        st.tuples(st.integers(28, 34), inner).map(
            lambda deep: "[" * deep[0] + deep[1] + "]" * deep[0],
        ),
    )


documents = st.recursive(st.one_of(strings, spellings, st.just("null")), containers, max_leaves=12)


@given(documents)
def test_documents_are_read_exactly_when_the_standard_library_sees_no_fault(text: str) -> None:
    body = text.encode(errors="surrogatepass")
    assert verdict(lambda b: decode(b, ANY), body) == verdict(reference, body)


escapes = st.sampled_from(
    [
        "\\ud83d",
        "\\ude00",
        "\\uD800",
        "\\uDFFF",
        "\\u0000",
        "\\u0041",
        "\\\\",
        '\\"',
        "\\n",
        "u",
        "d83d",
    ],
)


@given(st.lists(escapes, max_size=8).map("".join))
def test_escapes_are_read_exactly_when_they_spell_characters(inside: str) -> None:
    body = f'{{"a":"{inside}"}}'.encode()
    assert verdict(lambda b: decode(b, ANY), body) == verdict(reference, body)


@given(st.binary(max_size=60), st.integers(0, 60))
@example(b'"', 5)
def test_noise_in_a_good_body_never_crashes(noise: bytes, at: int) -> None:
    good = b'{"items":[{"price":1.5,"note":"a\\"b"},{"price":2e3}],"n":12345678901234567890.5}'
    body = good[:at] + noise + good[at:]
    assert verdict(lambda b: decode(b, ANY), body) == verdict(reference, body)
