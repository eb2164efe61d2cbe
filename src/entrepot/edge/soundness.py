"""Whether a JSON body has one meaning: no key twice, no number without bound, text that is text.

A body may be made to be slow to read. Each step here takes time in proportion to the body, in
slices (entrepot.pace) or at the speed of memory; what would take long is bounded before it begins.
"""

from __future__ import annotations

import codecs
import math
import re
from typing import Any, Final, NoReturn

import msgspec

from entrepot.edge.json_walk import first_defect
from entrepot.pace import breathe, paced

DEPTH_MAX: Final = 32
NUMBER_DIGITS_MAX: Final = 40
INTEGER_MIN: Final = -(2**63)
INTEGER_MAX: Final = 2**63 - 1
# A value costs up to about 200 bytes while duplicate keys are counted: this is 70 MB at worst. An
# order's line is ten values or more, so that it also bounds what a batch has to write.
VALUES_MAX: Final = 350_000
# New keys are slow to read, and the keys of one object are read without a pause. This bound holds
# for the objects of large bodies.
MEMBERS_MAX: Final = 50_000
# A large body is not worth a walk of seconds for the place of its fault.
WALKED_BYTES_MAX: Final = 1_048_576

NUMBER: Final = re.compile(r"(-?)(0|[1-9][0-9]*)(?:\.([0-9]+))?(?:[eE]([+-]?[0-9]+))?")
_BYTE_ORDER_MARKS: Final = (b"\xff\xfe", b"\xfe\xff")
_BEFORE_VALUES: Final = (b"[", b"{", b",")
_NOT_BRACKETS: Final = bytes(byte for byte in range(256) if byte not in b"[]{}")
_ONE_BRACKET: Final = bytes.maketrans(b"{}", b"[]")
_PIECE: Final = 64 * 1024
# Maps digits and the point to 0, and E to e: long numbers and exponents are then found by simple
# searches.
_DIGITS: Final = bytes.maketrans(b"123456789.E", b"0000000000e")
_LONG: Final = b"0" * 19
_EXPONENTS: Final = (b"e000", b"e+000")
# The longest number has 40 digits, a sign, a point and an exponent's two: where more follows, each
# part is too long a number or none.
_LEXEMES: Final = re.compile(rb"[0-9.eE+-]{4,1024}+")
_OF_OBJECTS: Final = re.compile(rb"[{}]|:[^{}]{0,65536}+")
_DIGIT_BYTES: Final = [b"%d" % digit for digit in range(10)]
_TWICE: Final = "The key appears more than once in one object"
_NUL_ESCAPED: Final = b"\\u0000"
_NUL: Final = "A NUL character is not allowed"

_SMALL_BYTES: Final = 16 * 1024
# A body of this size is read and written again in a few milliseconds. A larger one is walked, and a
# walk lets others run.
_READ_BACK_BYTES_MAX: Final = 1_048_576

_Tree = dict[str, object] | list[object]

_plain: Final = msgspec.json.Decoder()
_write: Final = msgspec.json.Encoder().encode
# This decoder reads no number with a fraction or an exponent to its last digit: that can take a
# thousand times as long as another number, and only their presence matters here.
_untyped: Final = msgspec.json.Decoder(float_hook=len)


class InvalidJson(ValueError):
    """A body that cannot be read.

    `path` names the place (`[3].items[0].price`, or "" for the body as a whole); `problem` is a
    sentence without a subject's name, such as "Expected `int`, got `str`".
    """

    def __init__(self, path: str, problem: str) -> None:
        super().__init__(f"{path}: {problem}" if path else problem)
        self.path = path
        self.problem = problem


def check(body: bytes, depth_max: int) -> None:
    """Refuse every body that two readers could understand differently. Raises InvalidJson."""
    _check_encoding(body)
    # A small body takes less time than a slice.
    small = len(body) <= _SMALL_BYTES
    if small and _is_small_and_plain(body, depth_max):
        return
    breathe()
    if small or not _is_plain(body, depth_max):
        breathe()
        _check_closely(body, depth_max)
    breathe()


def _is_small_and_plain(body: bytes, depth_max: int) -> bool:
    """As `_is_plain`, of a small body."""
    deep = body.count(b"[") + body.count(b"{") > depth_max
    if deep or _LONG in body.translate(_DIGITS):
        return _is_plain(body, depth_max)
    unescaped = _without_escapes(body) if b"\\" in body else body
    if b"\0" in unescaped or _NUL_ESCAPED in unescaped:
        return False
    return _reads_back(body, unescaped, _plain)


def _is_plain(body: bytes, depth_max: int) -> bool:
    """Whether the body is sound and usual: few levels, short numbers, no NUL.

    A string has two quotation marks. If an object has a key twice, its tree has fewer strings than
    the body. False says nothing about the body: the caller looks more closely.
    """
    if b"\0" in body:
        return False
    if len(body) > _READ_BACK_BYTES_MAX:
        return b"\\" not in body and _walks_well(body, depth_max)
    bare, has_nul = _without_strings(body)
    _check_size(bare, depth_max)
    if has_nul or _suspects(bare):
        return False
    breathe()
    return _reads_back(body, _without_escapes(body), _untyped)


def _without_escapes(text: bytes) -> bytes:
    """The text without its escaped backslashes and quotation marks: each quotation mark that is
    left begins or ends a string, and each backslash that is left begins another escape.
    """
    return text.replace(b"\\\\", b"").replace(b'\\"', b"") if b"\\" in text else text


def _reads_back(body: bytes, unescaped: bytes, decoder: msgspec.json.Decoder[Any]) -> bool:
    """Whether the body, whose numbers are short, has all its strings once it is read and written
    again. The decoder refuses a number that is out of range, where none was looked at before.
    """
    tree = _tree(body, decoder)
    if tree is None:
        return False
    if len(body) > _SMALL_BYTES:
        breathe()
    written = _write(tree)
    if b"\\" in written:
        written = _without_escapes(written)
    return written.count(b'"') == unescaped.count(b'"')


def _walks_well(body: bytes, depth_max: int) -> bool:
    """The same of a large body, whose tree is walked in slices instead."""
    digits = body.translate(_DIGITS)
    breathe()
    if _LONG in digits:
        return False
    breathe()
    if not _in_range(body, digits):
        return False
    del digits
    breathe()
    if body.count(b":") > 2 * MEMBERS_MAX:
        return False
    breathe()
    if sum(map(body.count, paced(_BEFORE_VALUES, 1))) > VALUES_MAX:
        return False
    breathe()
    tree = _tree(body, _untyped)
    return tree is not None and _strings_in(tree, depth_max) * 2 == body.count(b'"')


def _tree(body: bytes, decoder: msgspec.json.Decoder[Any]) -> _Tree | None:
    """The object or the array that a body is; None for anything else."""
    try:
        tree = decoder.decode(body)
    except (msgspec.DecodeError, RecursionError):
        return None
    return tree if type(tree) in (dict, list) else None


def _strings_in(tree: _Tree, depth_max: int) -> int:
    """How many keys and texts there are; -1 for too many levels, or a number to be looked at."""
    strings, left = 0, _PIECE
    level: list[Any] = [tree]
    while level:
        depth_max -= 1
        inner: list[Any] = []
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
                elif kind is int and not INTEGER_MIN <= value <= INTEGER_MAX:
                    return -1
            left -= len(node) + 8
            if left < 0:
                left = _PIECE
                breathe()
        level = inner
    return strings if depth_max >= 0 else -1


def _in_range(body: bytes, digits: bytes) -> bool:
    """Whether no exponent has three digits or more. Ids are full of what looks like one."""
    if not any(sign in digits for sign in paced(_EXPONENTS, 1)):
        return True
    bare, _ = _without_strings(body)
    digits = bare.translate(_DIGITS)
    return not any(sign in digits for sign in paced(_EXPONENTS, 1))


def _check_encoding(body: bytes) -> None:
    if not body or body.isspace():
        raise InvalidJson("", "The body is empty")
    if body.startswith(_BYTE_ORDER_MARKS) or b"\0" in body[:4]:
        raise InvalidJson("", "The body is UTF-16, UTF-32 or binary; send UTF-8")
    if body.isascii():
        return
    decoder = codecs.getincrementaldecoder("utf-8")()
    done = 0
    while done < len(body):
        piece = body[done : done + _PIECE]
        waiting = len(decoder.getstate()[0])  # the first bytes of a character cut in two
        try:
            decoder.decode(piece, final=done + len(piece) == len(body))
        except UnicodeDecodeError as error:
            offset = done - waiting + error.start
            raise InvalidJson("", f"The body is not valid UTF-8 (byte {offset})") from None
        done += len(piece)
        breathe()


def _check_closely(body: bytes, depth_max: int) -> None:
    # Without its strings, a body is brackets, commas, colons, numbers and three words.
    bare, has_nul = _without_strings(body)
    _check_size(bare, depth_max)
    breathe()
    large = len(body) > _READ_BACK_BYTES_MAX and bare.count(b":") > MEMBERS_MAX
    if large and _members_at_most(bare) > MEMBERS_MAX:
        raise InvalidJson("", f"An object has more than {MEMBERS_MAX} members")
    if has_nul:
        _refuse(body, _NUL)
    for lexeme in paced(_suspects(bare)):
        problem = number_problem(lexeme.decode())
        if problem is not None:
            _refuse(body, problem)
    breathe()
    try:
        tree = _untyped.decode(body)
        breathe()
        keys = _keys_count(tree)
    except msgspec.DecodeError as error:
        why = str(error).removeprefix("JSON is malformed: ")
        _refuse(body, f"The body is not valid JSON: {why}")
    if keys != bare.count(b":"):
        _refuse(body, _TWICE)


def _without_strings(body: bytes) -> tuple[bytes, bool]:
    """The body without its strings, and whether any character of it is NUL."""
    outside: list[bytes] = []
    start, inside, quotes = 0, False, 0
    nul = b"\0" in body
    while start < len(body):
        piece = body[start : start + _PIECE]
        if (len(piece) - len(piece.rstrip(b"\\"))) % 2:  # an escape is not cut in two
            piece = body[start : start + len(piece) + 1]
        start += len(piece)
        if b"\\" in piece:
            piece = _without_escapes(piece)
            nul = nul or _NUL_ESCAPED in piece + body[start : start + 4]
        parts = piece.split(b'"')
        outside += parts[inside::2]
        inside ^= len(parts) % 2 == 0
        quotes += len(parts) - 1
        # Every value and every key may be a string.
        if quotes > 4 * VALUES_MAX:
            raise _too_many()
        if len(outside) > _PIECE:
            outside = [b"".join(outside)]
        breathe()
    return b"".join(outside), nul


def _too_many() -> InvalidJson:
    return InvalidJson("", f"The body holds more than {VALUES_MAX} values")


def _check_size(bare: bytes, depth_max: int) -> None:
    opened = bare.count(b"[") + bare.count(b"{")
    breathe()
    if opened > depth_max:
        brackets = bare.translate(_ONE_BRACKET, _NOT_BRACKETS)
        # The first brackets are enough: a body may have brackets without end.
        if _is_deeper(brackets[:_PIECE], depth_max):
            raise InvalidJson("", f"The body is nested deeper than {depth_max} levels")
        if opened > VALUES_MAX:
            raise _too_many()
        if _is_deeper(brackets, depth_max):
            raise InvalidJson("", f"The body is nested deeper than {depth_max} levels")
    if opened + bare.count(b",") > VALUES_MAX:
        raise _too_many()


def _is_deeper(brackets: bytes, depth_max: int) -> bool:
    """Tell whether brackets nest deeper, without recursion and without a step for each one."""
    for _ in range(depth_max):
        # Each round removes exactly the innermost level of every branch.
        rest = brackets.replace(b"[]", b"")
        breathe()
        if len(rest) == len(brackets):
            break
        brackets = rest
    return b"[]" in brackets or brackets.count(b"[") > depth_max


def _members_at_most(bare: bytes) -> int:
    """How many members the largest object has; of what is no JSON, some number."""
    most, counts = 0, [0]
    for match in paced(_OF_OBJECTS.finditer(bare)):
        lexeme = match[0]
        if lexeme == b"{":
            counts.append(0)
        elif lexeme != b"}":
            counts[-1] += lexeme.count(b":")
        elif len(counts) > 1:
            most = max(most, counts.pop())
    return max(most, *counts)


def _suspects(bare: bytes) -> list[bytes]:
    """The numbers that may be too long or too large, as they are written."""
    digits = bare.translate(_DIGITS)
    breathe()
    if _LONG not in digits and not any(sign in digits for sign in paced(_EXPONENTS, 1)):
        return []
    del digits
    return [
        match[0]
        for match in paced(_LEXEMES.finditer(bare))
        if len(match[0]) >= len(_LONG) or b"e" in match[0] or b"E" in match[0]
    ]


def number_problem(lexeme: str) -> str | None:
    """The fault of a number; None also for a malformed number, which the decoder explains."""
    if len(lexeme) > NUMBER_DIGITS_MAX:
        raw = lexeme.encode()
        if sum(map(raw.count, _DIGIT_BYTES)) > NUMBER_DIGITS_MAX:
            return f"A number may have at most {NUMBER_DIGITS_MAX} digits"
    if not NUMBER.fullmatch(lexeme):
        return None
    if lexeme.lstrip("-").isdigit():
        if not INTEGER_MIN <= int(lexeme) <= INTEGER_MAX:
            return "An integer must lie between -2^63 and 2^63 - 1"
    # Only the range matters here: the float is thrown away, and is no amount.
    elif math.isinf(float(lexeme)):
        return "The number is out of range"
    return None


def _keys_count(tree: object) -> int:
    count = 0
    pending = [tree]
    for node in paced(iter(pending)):  # its length is not known yet
        if type(node) is dict:
            count += len(node)
            pending += [value for value in node.values() if type(value) in (dict, list)]
        elif type(node) is list:
            pending += [value for value in node if type(value) in (dict, list)]
    return count


def _refuse(body: bytes, problem: str) -> NoReturn:
    """Refuse the body, with the place of its first defect where it is short enough to look for."""
    if len(body) <= WALKED_BYTES_MAX:
        defect = first_defect(body.decode(), number_problem)
        if defect is not None:
            raise InvalidJson(defect.path, defect.problem)
    raise InvalidJson("", problem)
