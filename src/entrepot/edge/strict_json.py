"""Strict JSON: one meaning for every body, or a sentence that says where it has none.

RFC 8259 leaves open what becomes of duplicate keys, of numbers without bound and of text that
is no text; here all of it is refused before a typed decoder sees the body. Amounts are read from
their source text, because a binary float must never touch one. This module knows no dialect and
no field name.

How an amount is declared in a wire struct: as `msgspec.Raw`, read by `decimal_number` or
`whole_number`. Raw keeps the source text byte for byte and is cheap. `decimal.Decimal` keeps the
digits as well, but msgspec also fills it from a JSON string, so `"12.5"` would pass for `12.5`.
"""

import json
import math
import re
from collections.abc import Iterator
from typing import Final, TypeVar

import msgspec

T = TypeVar("T")

DEPTH_MAX: Final = 32
NUMBER_DIGITS_MAX: Final = 40
INTEGER_MIN: Final = -(2**63)
INTEGER_MAX: Final = 2**63 - 1
# A value costs up to about 200 bytes while duplicate keys are counted: this is 100 MB at worst.
VALUES_MAX: Final = 500_000
# A malformed body is not worth a walk of seconds for a better sentence.
MALFORMED_WALKED_BYTES_MAX: Final = 1_048_576
KEY_SHOWN_MAX: Final = 64
AMOUNT_DIGITS_MAX: Final = 18
AMOUNT_SCALE_MAX: Final = 12
EXPONENT_DIGITS_MAX: Final = 3

_BYTE_ORDER_MARKS: Final = (b"\xef\xbb\xbf", b"\xff\xfe", b"\xfe\xff")
# A string that never ends is matched too: a failed match would be tried again at every quote.
_STRING: Final = re.compile(rb'"[^"\\]*+(?:\\.[^"\\]*+)*+"?', re.DOTALL)
_TOKEN: Final = re.compile(r'"[^"\\]*+(?:\\.[^"\\]*+)*+"?|[][{},:]|[^][{},:"\s]+', re.DOTALL)
_NUMBER: Final = re.compile(r"(-?)(0|[1-9][0-9]*)(?:\.([0-9]+))?(?:[eE]([+-]?[0-9]+))?")
_SUSPECT_NUMBER: Final = re.compile(rb"[0-9.]{19}|[0-9][eE]")
_ESCAPE: Final = re.compile(r"\\(?:u([0-9a-fA-F]{4})|.)", re.DOTALL)
_HIGH_SURROGATES: Final = range(0xD800, 0xDC00)
_LOW_SURROGATES: Final = range(0xDC00, 0xE000)
_PLAIN_KEY: Final = re.compile(r"[A-Za-z_$][A-Za-z0-9_$-]*")
_BEFORE_VALUES: Final = (b"[", b"{", b",")
_NOT_BRACKETS: Final = bytes(byte for byte in range(256) if byte not in b"[]{}")
_ONE_BRACKET: Final = bytes.maketrans(b"{}", b"[]")
_AT: Final = re.compile(r" - at `(?:key` in `)?\$([^`]*)`\Z")
_FIELD: Final = re.compile(r"Object (missing required|contains unknown) field `(.*)`", re.DOTALL)
_NOT_A_NUMBER: Final = frozenset({"NaN", "Infinity", "-Infinity", "+Infinity", "nan", "inf"})


class _Float(str):
    """The source text of a number with a fraction or an exponent, told apart from a string's."""

    __slots__ = ()


# Floats stay text here as well: this decoder only checks the grammar and counts keys.
_untyped: Final = msgspec.json.Decoder(float_hook=_Float)


class InvalidJson(ValueError):
    """A body that cannot be read.

    `path` names the place (`[3].items[0].price`, or "" for the body as a whole); `problem` is a
    sentence without a subject's name, such as "Expected `int`, got `str`".
    """

    def __init__(self, path: str, problem: str) -> None:
        super().__init__(f"{path}: {problem}" if path else problem)
        self.path = path
        self.problem = problem


def decode(body: bytes, decoder: msgspec.json.Decoder[T], *, depth_max: int = DEPTH_MAX) -> T:
    """Return what `decoder` makes of `body`, once the body is known to have one meaning.

    Raises:
        InvalidJson: the body is empty, not UTF-8, not one JSON document, ambiguous (duplicate
            keys), deeper than `depth_max`, holds a number or a character that nobody can keep,
            or does not fit the decoder's type.
    """
    _check(body, depth_max)
    try:
        return decoder.decode(body)
    except msgspec.DecodeError as error:
        raise _placed(str(error)) from None


def _check(body: bytes, depth_max: int) -> None:
    """Refuse every body that two readers could understand differently."""
    _check_encoding(body)
    if _is_plain(body, depth_max):
        return
    # What is left without the strings are brackets, commas, colons, numbers and three words.
    bare = _STRING.sub(b"", body)
    _check_size(bare, depth_max)
    # The decoder itself refuses lone surrogates, but takes NUL and any size of integer.
    if b"\0" in body or b"\\u0000" in body or _SUSPECT_NUMBER.search(bare):
        _raise_first_defect(body)
    try:
        tree = _untyped.decode(body)
    except msgspec.DecodeError as error:
        if len(body) <= MALFORMED_WALKED_BYTES_MAX:
            _raise_first_defect(body)
        problem = str(error).removeprefix("JSON is malformed: ")
        raise InvalidJson("", f"The body is not valid JSON: {problem}") from None
    if _keys_count(tree) != bare.count(b":"):
        _raise_first_defect(body)


def _is_plain(body: bytes, depth_max: int) -> bool:
    """Whether the body is as nearly all are, and sound: no escapes, few levels, short numbers.

    A string has two quotation marks. Where an object has a key twice, its tree holds fewer strings
    than the body does. Of any other body this says nothing; it is looked at more closely.
    """
    if b"\\" in body or b"\0" in body or sum(map(body.count, _BEFORE_VALUES)) > VALUES_MAX:
        return False
    try:
        tree = _untyped.decode(body)
    except (msgspec.DecodeError, RecursionError):
        return False
    if type(tree) not in (dict, list):
        return False
    strings, level = 0, [tree]
    while level:
        depth_max -= 1
        inner: list[object] = []
        for node in level:
            values = node
            if type(node) is dict:
                strings += len(node)
                values = node.values()
            for value in values:
                kind = type(value)
                if kind is str:
                    strings += 1
                elif kind is dict or kind is list:
                    inner.append(value)
                elif (kind is int and not INTEGER_MIN <= value <= INTEGER_MAX) or (
                    kind is _Float and _SUSPECT_NUMBER.search(value.encode())
                ):
                    return False
        level = inner
    return depth_max >= 0 and strings * 2 == body.count(b'"')


def _check_encoding(body: bytes) -> None:
    if not body or body.isspace():
        raise InvalidJson("", "The body is empty")
    if body.startswith(_BYTE_ORDER_MARKS):
        raise InvalidJson("", "The body starts with a byte order mark; send plain UTF-8")
    if b"\0" in body[:4]:
        raise InvalidJson("", "The body is UTF-16, UTF-32 or binary; send UTF-8")
    try:
        body.decode()
    except UnicodeDecodeError as error:
        raise InvalidJson("", f"The body is not valid UTF-8 (byte {error.start})") from None


def _check_size(bare: bytes, depth_max: int) -> None:
    opened = bare.count(b"[") + bare.count(b"{")
    if opened > depth_max and _is_deeper(bare, depth_max):
        raise InvalidJson("", f"The body is nested deeper than {depth_max} levels")
    if opened + bare.count(b",") > VALUES_MAX:
        raise InvalidJson("", f"The body holds more than {VALUES_MAX} values")


def _is_deeper(bare: bytes, depth_max: int) -> bool:
    """Tell whether brackets nest deeper, without recursion and without a step for each one."""
    brackets = bare.translate(_ONE_BRACKET, _NOT_BRACKETS)
    for _ in range(depth_max):
        # Each round removes exactly the innermost level of every branch.
        rest = brackets.replace(b"[]", b"")
        if len(rest) == len(brackets):
            break
        brackets = rest
    return b"[]" in brackets or brackets.count(b"[") > depth_max


def _keys_count(tree: object) -> int:
    count = 0
    pending = [tree]
    for node in pending:
        if type(node) is dict:
            count += len(node)
            pending += [value for value in node.values() if type(value) in (dict, list)]
        elif type(node) is list:
            pending += [value for value in node if type(value) in (dict, list)]
    return count


def _raise_first_defect(body: bytes) -> None:
    """Walk the body token by lexeme and refuse the first one that cannot stand; slow and exact."""
    for path, lexeme, is_key, seen in _walk(body.decode()):
        problem = _token_problem(lexeme)
        if problem is None and is_key:
            key = _string_text(lexeme)
            if key in seen:
                problem = "The key appears more than once in one object"
            seen.add(key)
        if problem is not None:
            raise InvalidJson("".join(path).removeprefix("."), problem)


def _walk(text: str) -> Iterator[tuple[list[str], str, bool, set[str]]]:
    """Yield every key and scalar with its path, whether it is a key, and its object's keys.

    The text may be malformed: then the walk is only as right as the text is. The path is one list,
    changed as the walk goes on.
    """
    path: list[str] = []
    # For each open container: the position in an array, or -1 in an object; and the keys so far.
    positions: list[int] = []
    keys: list[set[str]] = [set()]
    before = ""
    for match in _TOKEN.finditer(text):
        lexeme = match[0]
        if lexeme in ("[", "{"):
            positions.append(0 if lexeme == "[" else -1)
            path.append("[0]" if lexeme == "[" else "")
            keys.append(set())
        elif lexeme in ("]", "}"):
            if positions:
                positions.pop()
                path.pop()
                keys.pop()
        elif lexeme == ",":
            if positions and positions[-1] >= 0:
                positions[-1] += 1
                path[-1] = f"[{positions[-1]}]"
        elif lexeme != ":":
            is_key = bool(positions) and positions[-1] < 0 and before in ("{", ",")
            if is_key:
                path[-1] = _step(_string_text(lexeme))
            yield path, lexeme, is_key, keys[-1]
        before = lexeme


def _step(key: str) -> str:
    """Return a path's step for a key; the sender's text is shown in part only."""
    key = key[:KEY_SHOWN_MAX]
    return f".{key}" if _PLAIN_KEY.fullmatch(key) else f"[{json.dumps(key)}]"


def _string_text(lexeme: str) -> str:
    """Return the text of a string lexeme, or the lexeme itself where it is no string."""
    if "\\" not in lexeme:
        return lexeme[1:-1] if lexeme[0] == '"' else lexeme
    try:
        text = json.loads(lexeme, strict=False)
    except ValueError:
        return lexeme
    return text if isinstance(text, str) else lexeme


def _token_problem(lexeme: str) -> str | None:
    if lexeme in _NOT_A_NUMBER:
        return "NaN and Infinity are not JSON numbers"
    if lexeme[0] in "-0123456789":
        return _number_problem(lexeme)
    if "\0" in lexeme:
        return "A NUL character is not allowed"
    if lexeme[0] == '"' and "\\u" in lexeme:
        return _escape_problem(lexeme)
    return None


def _number_problem(lexeme: str) -> str | None:
    if sum(map(str.isdigit, lexeme)) > NUMBER_DIGITS_MAX:
        return f"A number may have at most {NUMBER_DIGITS_MAX} digits"
    if not _NUMBER.fullmatch(lexeme):
        return None  # malformed, which the decoder says better
    if lexeme.lstrip("-").isdigit():
        if not INTEGER_MIN <= int(lexeme) <= INTEGER_MAX:
            return "An integer must lie between -2^63 and 2^63 - 1"
    # Only the range is asked for: the float is thrown away and is nobody's amount.
    elif math.isinf(float(lexeme)):
        return "The number is out of range"
    return None


def _escape_problem(lexeme: str) -> str | None:
    high = False
    end = 0
    for match in _ESCAPE.finditer(lexeme):
        unit = int(match[1], 16) if match[1] else 0x20
        is_low = unit in _LOW_SURROGATES
        if unit == 0:
            return "A NUL character is not allowed"
        if is_low != (high and match.start() == end):
            return "A lone surrogate is not a character"
        if high and not is_low:
            return "A lone surrogate is not a character"
        high = unit in _HIGH_SURROGATES
        end = match.end()
    return "A lone surrogate is not a character" if high else None


def _placed(message: str) -> InvalidJson:
    """Turn a decoder's message into path and problem; a field's name joins the path."""
    path, problem = "", message
    at = _AT.search(message)
    if at is not None:
        path, problem = at[1], message[: at.start()]
    field = _FIELD.fullmatch(problem)
    if field is not None:
        path += _step(field[2])
        missing = field[1] == "missing required"
        problem = "The field is required" if missing else "The field is unknown"
    return InvalidJson(path.removeprefix("."), problem)


def number_text(raw: msgspec.Raw, path: str) -> str:
    """Return the source text of a JSON number, such as `12.50`.

    Raises:
        InvalidJson: at `path`, when the value is a string, a boolean, null, an array or an object.
    """
    text = bytes(raw).decode()
    if not _NUMBER.fullmatch(text):
        raise InvalidJson(path, f"Expected `number`, got `{_kind(text)}`")
    return text


def _kind(text: str) -> str:
    kinds = {'"': "str", "{": "object", "[": "array", "t": "bool", "f": "bool", "n": "null"}
    return kinds.get(text[:1], "nothing")


def decimal_number(raw: msgspec.Raw, path: str) -> tuple[int, int]:
    """Return a JSON number exactly, as (units, scale): `12.50` is (1250, 2), `1e2` is (100, 0).

    Written zeros are kept, because what came in one way goes out the same way. `path` is where
    the number stands, for the message.

    Raises:
        InvalidJson: no number, more than 18 significant digits, or more than 12 decimal places.
    """
    text = bytes(raw).decode()
    # Most numbers are plain and short.
    if text.isdigit() and (text[0] != "0" or text == "0") and len(text) <= AMOUNT_DIGITS_MAX:
        return int(text), 0
    match = _NUMBER.fullmatch(text)
    if match is None:
        raise InvalidJson(path, f"Expected `number`, got `{_kind(text)}`")
    sign, whole, fraction, exponent = match[1], match[2], match[3] or "", match[4] or "0"
    digits = (whole + fraction).lstrip("0")
    # Both lengths are bounded before they are turned into a power of ten.
    if (
        len(digits) > AMOUNT_DIGITS_MAX + AMOUNT_SCALE_MAX
        or len(exponent.lstrip("+-0")) > EXPONENT_DIGITS_MAX
    ):
        raise InvalidJson(path, f"At most {AMOUNT_DIGITS_MAX} significant digits are allowed")
    scale = len(fraction) - int(exponent)
    if digits and scale < 0:
        digits += "0" * min(-scale, AMOUNT_DIGITS_MAX + 1)
    if len(digits) > AMOUNT_DIGITS_MAX:
        raise InvalidJson(path, f"At most {AMOUNT_DIGITS_MAX} significant digits are allowed")
    if scale > AMOUNT_SCALE_MAX:
        raise InvalidJson(path, f"At most {AMOUNT_SCALE_MAX} decimal places are allowed")
    units = int(digits or "0")
    return (-units if sign else units), max(scale, 0)


def whole_number(raw: msgspec.Raw, path: str) -> int:
    """Return a JSON number without a fraction: `2` and `2.0` are 2, `2.5` is refused.

    Raises:
        InvalidJson: at `path`, as `decimal_number`, or when the number has a fraction.
    """
    units, scale = decimal_number(raw, path)
    one: int = 10**scale
    whole, rest = divmod(units, one)
    if rest:
        raise InvalidJson(path, "A whole number is expected")
    return whole
