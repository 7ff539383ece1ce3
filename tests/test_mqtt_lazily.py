import subprocess
import sys


def run(code):
    return subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split()


def test_the_link_does_not_load_what_it_never_uses():
    code = "import sys, kentongan.mqtt.client; print([m for m in ('http.client', 'email.parser') if m in sys.modules])"
    assert run(code) == ["[]"]


def test_a_module_put_off_is_there_when_it_is_wanted():
    code = (
        "import kentongan.mqtt.client, urllib.request; print(urllib.request.OpenerDirector.__name__);"
        "from urllib.request import urlopen; print(urlopen.__name__);"
        "import urllib.request as again; print(again.Request.__name__)"
    )
    assert run(code) == ["OpenerDirector", "urlopen", "Request"]


def test_the_gateways_log_works_without_asyncio_and_leaves_it_to_whoever_wants_it():
    code = (
        "import sys; from kentongan.daemon import logs; log = logs.configure('info', 'json', {}, sys.stdout);"
        "log.info('started'); print('asyncio.events' in sys.modules);"
        "import asyncio; print(asyncio.run(asyncio.sleep(0, 'awake')), asyncio.Queue.__name__)"
    )
    assert run(code)[-3:] == ["False", "awake", "Queue"]
