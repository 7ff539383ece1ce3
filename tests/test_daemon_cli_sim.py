import threading

import pytest
from click.testing import CliRunner
from edge import write_config

from kentongan.daemon.cli_group import cli
from kentongan.daemon.control import ControlServer, Refusal
from kentongan.daemon.requests import AcceptSim


@pytest.fixture
def gateway(tmp_path):
    """A control socket that answers as it is told."""
    asked, answers = [], []
    config = write_config(tmp_path, 1883)

    def take(request):
        asked.append(request.args)
        request.reply(answers[0])

    server = ControlServer(tmp_path / "run", take)
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()

    def run(answer, *arguments):
        answers[:] = [answer]
        return CliRunner().invoke(cli, ["--config", str(config), "sim", "terima", *arguments], prog_name="kentongan")

    run.asked = asked
    yield run
    server.stop()
    thread.join(10)


def test_the_sim_of_the_first_line_or_of_a_named_one_is_accepted(gateway):
    result = gateway({"line": "a", "sim": "9999"})
    assert result.exit_code == 0
    assert "kartu SIM ...9999 di jalur a" in result.stdout
    gateway({"line": "b", "sim": "9999"}, "--jalur", "b")
    assert gateway.asked == [AcceptSim(""), AcceptSim("b")]


def test_a_refusal_is_shown_and_fails(gateway):
    result = gateway(Refusal("sim_unknown", "the SIM of line a cannot be read"))
    assert result.exit_code == 1
    assert "sim_unknown" in result.output
