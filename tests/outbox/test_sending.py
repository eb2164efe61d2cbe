"""A message to a webhook: how it is signed, how its answer is read, and where none is sent."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import hmac
import os
import socket
import threading
from contextlib import suppress
from typing import Any

import pytest

from entrepot.core.webhooks import url_fault
from entrepot.outbox.sending import Result, Sender, signature
from entrepot.testing.receiver import Receiver
from entrepot.unreached import seconds_to_wait

SECRET, BODY = b"s" * 32, b'{"type":"order.placed"}'


async def sent(url: str, *, private: bool = True) -> Result:
    sender = Sender(private=private, clock=lambda: 1_700_000_000.5)
    try:
        return await sender.send(url, (SECRET,), "msg-1", BODY)
    finally:
        await sender.close()


async def test_a_message_is_signed_over_its_id_its_time_and_its_body() -> None:
    with Receiver() as receiver:
        assert await sent(f"{receiver.url}/hook?a=b") == Result(204, None)
    [posted] = receiver.posted
    assert (posted.path, posted.body) == ("/hook?a=b", BODY)
    assert posted.headers["Host"] == receiver.url.removeprefix("http://")
    assert posted.headers["webhook-id"] == "msg-1"
    assert posted.headers["webhook-timestamp"] == "1700000000"
    digest = hmac.new(SECRET, b"msg-1.1700000000." + BODY, hashlib.sha256).digest()
    assert posted.headers["webhook-signature"] == f"v1,{base64.b64encode(digest).decode()}"


def test_the_signature_of_the_specification() -> None:
    """The example of the Standard Webhooks specification."""
    secret = base64.b64decode("MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")
    id_, at, body = "msg_p5jXN8AQM9LWM0D4loKWxJek", 1614265330, b'{"test": 2432232314}'
    assert signature(secret, id_, at, body) == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="


@pytest.mark.parametrize(
    ("status", "result"),
    [
        (200, Result(200, None)),
        (302, Result(302, "answered 302")),
        (410, Result(410, "answered 410", gone=True)),
        (500, Result(500, "answered 500")),
    ],
)
async def test_an_answer_is_taken_or_not(status: int, result: Result) -> None:
    with Receiver(lambda _: status) as receiver:
        assert await sent(receiver.url) == result
        assert len(receiver.posted) == 1, "no redirect is followed"


@pytest.mark.parametrize(("status", "wait"), [(429, 120.0), (503, 120.0), (500, 0.0)])
async def test_a_receiver_says_when_to_come_again(status: int, wait: float) -> None:
    with Receiver(lambda _: status, {"Retry-After": "120"}) as receiver:
        found = await sent(receiver.url)
    assert found == Result(status, f"answered {status}", retry_after=wait)


@pytest.mark.parametrize(
    ("told", "seconds"),
    [
        ("120", 120.0), (" 7 ", 7.0), ("9" * 400, 999_999_999.0),
        ("Tue, 14 Nov 2023 22:14:20 GMT", 60.0), ("Tue, 14 Nov 2023 22:14:20", 60.0),
        ("Tue, 14 Nov 2023 22:12:20 GMT", 0.0),
        (None, 0.0), ("", 0.0), ("soon", 0.0), ("-5", 0.0), ("1.5", 0.0),
        ("Fri, 31 Dec 0000 00:00:00 GMT", 0.0),
    ],
)  # fmt: skip
def test_a_wait_is_told_in_seconds_or_as_a_date(told: str | None, seconds: float) -> None:
    assert seconds_to_wait(told, 1_700_000_000.0) == seconds


async def test_nobody_there_is_an_error_in_words() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        found = await sent(f"http://127.0.0.1:{taken.getsockname()[1]}/")
    assert (found.status, found.error) == (None, "not reached: Connection refused")
    assert "Error" not in ((await sent("http://name.invalid/")).error or "Error")
    assert (await sent("http://a..b/")).error == "not reached: its name is none"


@pytest.mark.parametrize(
    ("answer", "why"),
    [
        (b"", "the connection ended without a whole answer"),
        (b"HTTP/1.1 200 OK\r\nno header\r\n\r\n", "its answer is no HTTP"),
    ],
)
async def test_what_is_no_answer_is_told_in_words(answer: bytes, why: str) -> None:
    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(65_536)
        writer.write(answer)
        writer.close()
        with suppress(OSError):
            await writer.wait_closed()

    async with await asyncio.start_server(serve, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        assert (await sent(f"http://127.0.0.1:{port}/")).error == f"not reached: {why}"
        assert (await sent(f"https://127.0.0.1:{port}/")).error == "not reached: it speaks no TLS"


async def test_of_many_addresses_the_next_one_is_tried(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of a host whose first address does not answer."""

    def found(_host: str, port: int, **_: Any) -> list[Any]:
        # Nobody listens at the first one: the receiver has the last one alone.
        return [
            (socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, port))
            for address in ("127.0.0.9", "127.0.0.9", "127.0.0.1")
        ]

    with Receiver() as receiver:
        monkeypatch.setattr(socket, "getaddrinfo", found)
        port = receiver.url.rpartition(":")[2]
        assert await sent(f"http://shop.example:{port}/") == Result(204, None)
        assert len(receiver.posted) == 1


@pytest.mark.parametrize(
    "url",
    [
        "https://127.0.0.1/", "https://10.1.2.3/", "https://192.168.0.1:8443/a", "https://[::1]/",
        "https://169.254.169.254/latest/meta-data", "https://[fd00::1]/", "https://0.0.0.0/",
        "https://[::ffff:127.0.0.1]/", "https://localhost/", "https://a.localhost/",
        "https://[64:ff9b::a9fe:a9fe]/", "https://[2002:a00:1::]/", "https://[::a00:1]/",
        "https://[64:ff9b:1::1]/", "https://[fec0::1]/", "https://[ff02::1]/", "https://224.0.0.1/",
        "http://example.com/", "ftp://example.com/", "https://a:b@example.com/", "https:///x",
        "https://example.com/#part", "https://exa mple.com/", "https://[::1", "x", "",
    ],
)  # fmt: skip
def test_an_address_that_is_refused_when_it_is_told(url: str) -> None:
    assert url_fault(url, private=False)


def test_an_address_that_is_taken() -> None:
    public = ("https://93.184.216.34:8443/", "https://[64:ff9b::5db8:d822]/", "https://[2606::1]/")
    for url in ("https://shop.example/a?b=c", *public):
        assert url_fault(url, private=False) is None
    for url in ("http://127.0.0.1:1/", "https://localhost/a"):
        assert url_fault(url, private=True) is None
    assert url_fault("ftp://127.0.0.1/", private=True)


@pytest.mark.parametrize(
    "address",
    ["127.0.0.1", "10.0.0.1", "169.254.169.254", "::1", "fe80::1", "::ffff:10.0.0.1",
     "64:ff9b::10.0.0.1", "64:ff9b:1::1", "2002:a00:1::", "::10.0.0.1", "fec0::1"],
)  # fmt: skip
async def test_a_name_that_leads_into_a_private_network_is_not_connected_to(
    address: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = []

    def found(host: str, port: int, **_: Any) -> list[Any]:
        asked.append(host)
        public = (socket.AF_INET, socket.SOCK_STREAM, 6, "", ("93.184.216.34", port))
        return [public, (socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, port))]

    monkeypatch.setattr(socket, "getaddrinfo", found)
    result = await sent("https://rebound.example/", private=False)
    assert (result.status, result.error) == (None, "the address is of a private network")
    assert asked == ["rebound.example"]


async def test_the_connection_goes_to_the_address_that_was_looked_at(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The name is asked for once: another answer to the next question leads nowhere."""
    real = socket.getaddrinfo

    def found(host: str, port: int, **more: Any) -> list[Any]:
        return real("127.0.0.1" if host == "shop.example" else host, port, **more)

    with Receiver() as receiver:
        monkeypatch.setattr(socket, "getaddrinfo", found)
        port = receiver.url.rpartition(":")[2]
        assert (await sent(f"http://shop.example:{port}/")).status == 204
    assert receiver.posted[0].headers["Host"] == f"shop.example:{port}"


async def test_names_that_are_never_found_keep_no_other_work_waiting(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The loop's own threads look nothing up: what else they do goes on."""
    answers, asked = threading.Event(), threading.Semaphore(0)

    def never(_host: str, _port: int, **_: Any) -> list[Any]:
        asked.release()
        answers.wait()
        raise socket.gaierror

    monkeypatch.setattr(socket, "getaddrinfo", never)
    many = 20  # more than the loop has threads on a machine of few processors
    monkeypatch.setattr(os, "cpu_count", lambda: 2)
    sending = [asyncio.create_task(sent("https://never.example/", private=False))
               for _ in range(many)]  # fmt: skip
    try:
        await asyncio.sleep(0)
        done = asyncio.to_thread(lambda: [asked.acquire() for _ in range(many)])
        assert len(await asyncio.wait_for(done, 5)) == many
    finally:
        answers.set()
        await asyncio.gather(*sending)
