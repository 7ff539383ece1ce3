import json
import socket
import stat
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from queue import Queue

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kentongan.daemon import control, requests
from kentongan.daemon.errors import AlreadyRunning, ControlUnavailable, RuntimeUnusable

Core = Callable[[control.ControlRequest], None]


def echo(request: control.ControlRequest) -> None:
    request.reply({"name": request.name, "args": request.args})


@contextmanager
def serving(directory: Path, core: Core = echo) -> Iterator[control.ControlServer]:
    server = control.ControlServer(directory, core)
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.stop()
        thread.join(10)
        assert not thread.is_alive()


@contextmanager
def connected(directory: Path) -> Iterator[socket.socket]:
    with socket.socket(socket.AF_UNIX) as client:
        client.settimeout(10)
        client.connect(str(directory / control.SOCKET_NAME))
        yield client


def test_a_request_reaches_the_core_and_its_answer_the_client(tmp_path: Path) -> None:
    with serving(tmp_path):
        assert control.call(tmp_path, {"request": "ping", "echo": "halo"}) == {
            "name": "ping",
            "args": {"request": "ping", "echo": "halo"},
        }
        tickets = control.call(tmp_path, {"request": "tickets", "limit": 5})
        assert tickets == {"name": "tickets", "args": {"request": "tickets", "limit": 5, "before": 0}}


def test_the_core_may_answer_later_and_one_request_after_the_other(tmp_path: Path) -> None:
    asked: Queue[control.ControlRequest] = Queue()
    with serving(tmp_path, asked.put), connected(tmp_path) as client, client.makefile() as answers:
        client.sendall(b'{"request":"status"}\n{"request":"ping"}\n')
        request = asked.get(timeout=10)
        assert request.args == requests.AskStatus()
        assert asked.empty()
        request.reply({"faults": []})
        assert json.loads(answers.readline()) == {"ok": True, "result": {"faults": []}}
        asked.get(timeout=10).reply(control.Refusal("not_ready", "belum siap"))
        assert json.loads(answers.readline()) == {"ok": False, "error": {"code": "not_ready", "message": "belum siap"}}


def test_a_refusal_of_the_core_is_handed_to_the_client(tmp_path: Path) -> None:
    with serving(tmp_path, lambda request: request.reply(control.Refusal("not_ready", "belum siap"))):
        assert control.call(tmp_path, {"request": "outbox"}) == control.Refusal("not_ready", "belum siap")


@pytest.mark.parametrize(
    "request_",
    [
        {"request": "shell"},
        {"request": "tickets", "limit": 0},
        {"request": "tickets", "limit": "5"},
        {"request": "tickets", "limit": 10**9},
        {"request": "status", "extra": 1},
        {"request": "send", "to": "0812", "text": ""},
        {"request": "send", "to": "0812", "text": "x" * 4001},
        {"request": "send", "to": "bupati", "text": "x"},
        {"request": ["ping"]},
        {},
    ],
)
def test_a_wrong_request_is_refused_and_never_reaches_the_core(tmp_path: Path, request_: dict[str, object]) -> None:
    reached: list[control.ControlRequest] = []
    with serving(tmp_path, reached.append):
        answer = control.call(tmp_path, request_)
    assert isinstance(answer, control.Refusal)
    assert answer.code == "bad_request"
    assert not reached


@pytest.mark.parametrize(
    "line", [b"\n", b"\xff\xfe\n", b"[" * 15_000 + b"\n", b"null\n", b'{"request":\n', b"GET / HTTP/1.1\r\n"]
)
def test_garbage_is_answered_with_an_error_and_the_server_lives(tmp_path: Path, line: bytes) -> None:
    with serving(tmp_path):
        with connected(tmp_path) as client:
            client.sendall(line)
            answer = json.loads(client.makefile().readline())
            assert (answer["ok"], answer["error"]["code"]) == (False, "bad_request")
        assert control.call(tmp_path, {"request": "ping"})


def test_a_line_without_end_is_cut_off(tmp_path: Path) -> None:
    with serving(tmp_path), connected(tmp_path) as client:
        client.sendall(b"x" * (control.MAX_REQUEST + 1))
        assert json.loads(client.makefile().readline())["error"]["message"] == "a line of more than 20000 octets"


def test_the_largest_text_fits(tmp_path: Path) -> None:
    with serving(tmp_path):
        answer = control.call(tmp_path, {"request": "send", "to": "+6281234567890", "text": "\U0001f941" * 4000})
    assert isinstance(answer, dict)
    assert answer["args"]["text"] == "\U0001f941" * 4000


def test_one_client_too_many_is_told_so(tmp_path: Path) -> None:
    with serving(tmp_path) as server:
        idle = [socket.socket(socket.AF_UNIX) for _ in range(control.MAX_CLIENTS)]
        for client in idle:
            client.connect(str(tmp_path / control.SOCKET_NAME))
        with connected(tmp_path) as late:
            assert json.loads(late.makefile().readline())["error"]["code"] == "busy"
        for client in idle:
            client.close()
        with connected(tmp_path) as client:
            client.sendall(b'{"request":"ping"}\n')
            answer = json.loads(client.makefile().readline())
        assert answer["ok"] or answer["error"]["code"] == "busy"
        assert server


def test_a_client_that_leaves_before_the_answer_harms_nobody(tmp_path: Path) -> None:
    asked: Queue[control.ControlRequest] = Queue()
    with serving(tmp_path, asked.put):
        with connected(tmp_path) as client:
            client.sendall(b'{"request":"status"}\n')
            request = asked.get(timeout=10)
        request.reply({"late": True})
        with connected(tmp_path) as client:
            client.sendall(b'{"request":"ping"}\n')
            asked.get(timeout=10).reply("hidup")
            assert json.loads(client.makefile().readline()) == {"ok": True, "result": "hidup"}


def test_a_large_answer_is_delivered_whole(tmp_path: Path) -> None:
    with serving(tmp_path, lambda request: request.reply(["x" * 1000] * 900)):
        assert control.call(tmp_path, {"request": "tickets"}) == ["x" * 1000] * 900


def test_only_the_user_and_the_group_may_connect(tmp_path: Path) -> None:
    with serving(tmp_path):
        mode = (tmp_path / control.SOCKET_NAME).stat().st_mode
        assert stat.S_IMODE(mode) == 0o660
    assert not (tmp_path / control.SOCKET_NAME).exists()


def test_a_second_gateway_is_refused_and_a_dead_ones_socket_is_taken_over(tmp_path: Path) -> None:
    with serving(tmp_path):
        with pytest.raises(AlreadyRunning, match="another gateway serves this directory"):
            control.ControlServer(tmp_path, echo)
        assert control.call(tmp_path, {"request": "ping"})
    with socket.socket(socket.AF_UNIX) as dead:
        dead.bind(str(tmp_path / control.SOCKET_NAME))
    with serving(tmp_path):
        assert control.call(tmp_path, {"request": "ping"})


def test_a_deep_folder_is_no_obstacle(tmp_path: Path) -> None:
    deep = tmp_path / ("x" * 100) / ("y" * 100)
    with serving(deep):
        assert control.call(deep, {"request": "ping"})


def test_a_folder_that_cannot_be_used_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(RuntimeUnusable, match=r"runtime\.directory"):
        control.ControlServer(tmp_path / "file", echo)


def test_without_a_gateway_the_client_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(ControlUnavailable, match="is not running; start it"):
        control.call(tmp_path, {"request": "ping"})


def test_a_silent_core_is_named_after_the_deadline(tmp_path: Path) -> None:
    with serving(tmp_path, lambda _request: None), pytest.raises(ControlUnavailable, match=r"no answer in 0\.05 s"):
        control.call(tmp_path, {"request": "ping"}, timeout_s=0.05)


@given(st.binary(max_size=300))
def test_any_line_is_a_request_or_a_refusal(line: bytes) -> None:
    assert isinstance(control.read(line), requests.Ask | control.Refusal)
