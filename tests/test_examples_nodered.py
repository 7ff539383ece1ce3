"""The Node-RED flow in a real Node-RED, held to the acceptance list: `make node-red` installs one and runs this.

Node-RED is some hundred packages of npm, with a compiler's work among them: too much for every run of the tests. What
needs no Node-RED is in test_examples_more.py.
"""

import json
import os
import shlex
import shutil
import signal
import socket
import subprocess
import sys
from pathlib import Path
from threading import Event
from time import monotonic  # noqa: TID251  the deadline of a real wait

import pytest
from broker import BACKEND, COUNTY, GATEWAY, USERS

from kentongan.daemon.mortal import last_will, mortal
from kentongan.daemon.mosquitto import Mosquitto

FLOW = Path(__file__).parents[1] / "examples" / "nodered" / "flow.json"
HOME = os.environ.get("KENTONGAN_NODE_RED", "")  # a folder with node-red and node-red-node-sqlite in node_modules
PATIENCE_S = 6
START_S = 60.0
SETTINGS = "module.exports = { uiHost: '127.0.0.1', uiPort: %d, flowFile: 'flow.json', credentialSecret: false, %s };\n"
HASTE = "logging: { console: { level: 'info' } }, nodesDir: '', editorTheme: {}"

pytestmark = pytest.mark.skipif(
    not HOME, reason="KENTONGAN_NODE_RED names no folder with Node-RED; see `make node-red`"
)


def prepared(folder, port, http):
    """Write the flow as somebody would set it up: broker, user and password; and in a hurry."""
    flow = json.loads(FLOW.read_text("utf-8"))
    nodes = {node["id"]: node for node in flow}
    nodes["kentongan-broker"] |= {"broker": "127.0.0.1", "port": str(port), "usetls": False}
    nodes["kentongan-db"]["db"] = str(folder / "county.db")
    nodes["every"] |= {"repeat": "1", "topic": nodes["every"]["topic"].replace("+ 30", "+ 1")}
    nodes["minute"]["repeat"] = "1"
    (folder / "flow.json").write_text(json.dumps(flow))
    (folder / "flow_cred.json").write_text(
        json.dumps({"kentongan-broker": {"user": BACKEND, "password": USERS[BACKEND]}})
    )
    (folder / "settings.js").write_text(SETTINGS % (http, HASTE))
    (folder / "node_modules").symlink_to(Path(HOME) / "node_modules")


def orders(folder, http):
    """Let conformance press the flow's own buttons, and kill and start its process."""
    button = folder / "button.py"
    button.write_text(
        "import json, os, sys, urllib.request\n"
        "props = [{'p': name, 'v': os.environ['KENTONGAN_' + name.upper()], 'vt': 'str'} for name in sys.argv[2:]]\n"
        "body = json.dumps({'__user_inject_props__': props}).encode()\n"
        f"request = urllib.request.Request('http://127.0.0.1:{http}/inject/' + sys.argv[1], body,\n"
        "    {'Content-Type': 'application/json'})\n"
        "urllib.request.urlopen(request, timeout=10).read()\n"
    )
    press = f"{shlex.quote(sys.executable)} {button}"
    (folder / "start.sh").write_text(
        f"#!/bin/sh\ncd {folder}\nsetsid node node_modules/node-red/red.js -u {folder} -s {folder}/settings.js"
        f" >>{folder}/red.log 2>&1 &\necho $! >{folder}/pid\n"
    )
    (folder / "start.sh").chmod(0o755)
    return [
        f"--on-ping={press} ping gateway",
        f"--on-reply={press} ask ticket_id text",
        "--on-kill=sh -c " + shlex.quote(f"kill -9 $(cat {folder}/pid)"),
        f"--on-start={folder}/start.sh",
    ]


def ready(folder, broker):
    """Wait until the flow has subscribed."""
    end, rest = monotonic() + START_S, Event()  # it tells nobody
    while BACKEND not in broker.log.read_text("utf-8"):
        assert monotonic() < end, (folder / "red.log").read_text("utf-8")
        rest.wait(0.2)


def test_the_flow_passes_every_point_in_a_real_node_red(tmp_path):
    assert shutil.which("node")
    (tmp_path / "password").write_text(USERS[GATEWAY])
    (tmp_path / "password").chmod(0o600)
    with socket.create_server(("127.0.0.1", 0)) as probe:
        http = probe.getsockname()[1]
    with Mosquitto(tmp_path / "broker", users=USERS, county_id=COUNTY) as broker:
        prepared(tmp_path, broker.port, http)
        options = ["--url", f"mqtt://127.0.0.1:{broker.port}", "--county", COUNTY, "--gateway", GATEWAY]
        options += ["--password-file", str(tmp_path / "password"), "--patience", str(PATIENCE_S)]
        options += orders(tmp_path, http)
        with last_will(f"kill -9 $(cat {tmp_path}/pid)"):
            subprocess.run([tmp_path / "start.sh"], check=True)
            try:
                ready(tmp_path, broker)
                command = [sys.executable, "-m", "kentongan.daemon", "conformance", *options]
                run = subprocess.run(mortal(command), capture_output=True, text=True, timeout=300, check=False)
            finally:
                os.kill(int((tmp_path / "pid").read_text()), signal.SIGKILL)
    sys.stdout.write(run.stdout)  # `make node-red` shows it
    assert (run.returncode, run.stderr) == (0, ""), run.stdout + (tmp_path / "red.log").read_text("utf-8")[-4000:]
