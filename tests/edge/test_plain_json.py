"""The short way of reading JSON takes nothing that the long one would refuse."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from entrepot.edge import soundness

_ATOMS = st.sampled_from(
    b'1|"a"|1.5|1e400|-0|true|null|""|"3e5"|"{,["|[]|{}|9223372036854775807|9223372036854775808|'
    b"12345678901234567890|0.1234567890123456789".split(b"|")
    + rb'"\u00e9"|"\""|"\\"|"\\\""|"\u0000"|"\\u0000"|"\u0022"|"\ud800"|"\ud83d\ude00\n"'.split(
        b"|"
    )
)
_KEYS = st.sampled_from([b'"a"', b'"b"', b'"c:"', rb'"\u0061"', rb'"\"a"'])


def _nested(inner: st.SearchStrategy[bytes]) -> st.SearchStrategy[bytes]:
    arrays = st.lists(inner, max_size=3).map(lambda values: b"[%b]" % b",".join(values))
    pairs = st.lists(st.tuples(_KEYS, inner).map(b":".join), max_size=3)
    return arrays | pairs.map(lambda members: b"{%b}" % b",".join(members))


@settings(max_examples=1500)
@given(
    st.recursive(_ATOMS, _nested, max_leaves=12),
    st.none() | st.tuples(st.integers(0, 60), st.sampled_from(list(b'{}[],:"1e\\'))),
)
def test_what_is_plain_would_pass_a_closer_look(body: bytes, slip: tuple[int, int] | None) -> None:
    if slip is not None:
        body = body[: slip[0]] + bytes([slip[1]]) + body[slip[0] :]
    try:
        plain = soundness._is_plain(body, 4)
    except soundness.InvalidJson:  # a body of many levels is refused on the way
        return
    if plain:
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(soundness, "_is_plain", lambda *_: False)
            soundness.check(body, 4)


@pytest.mark.parametrize(
    "inside", [rb"\u00e9", rb"\"", rb"\\", rb"\\u0000", rb"\u0022\/", rb"\\\""]
)
@pytest.mark.parametrize("more", [0, 20_000], ids=["small", "larger"])
def test_escapes_do_not_take_the_long_way(inside: bytes, more: int) -> None:
    body = b'{"a":"%b","b":["%b"]}' % (inside, b"x" * more)
    assert soundness._is_plain(body, 4)


@pytest.mark.parametrize(
    "members", [rb'"a":1,"\u0061":2', rb'"\"":1,"\u0022":2', rb'"a":"\u0000"', rb'"a":"\\\u0000"']
)
@pytest.mark.parametrize("more", [0, 20_000], ids=["small", "larger"])
def test_what_escapes_hide_is_looked_at_closely(members: bytes, more: int) -> None:
    body = b'{%b,"b":["%b"]}' % (members, b"x" * more)
    assert not soundness._is_plain(body, 4)
    with pytest.raises(soundness.InvalidJson):
        soundness.check(body, 4)
