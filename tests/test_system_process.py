"""The process: how it starts, how it ends, what it says of a bad configuration, and that kills cost nothing."""

import re
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest
from appliance import TOPICS, Appliance, Sms, configuration

from kentongan.daemon.supervisor import EXIT_DAMAGED

CITIZEN = "+6281234567890"


def test_told_to_stop_it_says_goodbye_and_ends_with_zero(tmp_path: Path) -> None:
    with Appliance(tmp_path) as appliance:
        gateway = appliance.serve()
        appliance.wait(lambda: appliance.county.status.get("connection", {}).get("state") == "online", "online")
        assert gateway.stop() == 0
        appliance.wait(lambda: appliance.county.status["connection"]["state"] == "offline", "offline")
        assert not gateway.words


def test_stopped_with_a_reply_under_way_it_sends_no_second_one(tmp_path: Path) -> None:
    with Appliance(tmp_path) as appliance:
        gateway = appliance.serve()
        appliance.modem.sms(CITIZEN, "Mohon kabar.")
        ticket = appliance.wait_for_text("Mohon kabar.")
        for number in range(6):
            appliance.county.reply(ticket["ticket_id"], f"Kabar {number}.", f"k{number}")
        appliance.wait(lambda: gateway.logged("part_sending"), "the first is under way")
        assert gateway.stop() == 0
        appliance.serve()
        for number in range(6):
            appliance.wait_for_state(f"k{number}", "sent")
        assert sorted(sms.text for sms in appliance.air) == [f"Kabar {number}." for number in range(6)]


def test_killed_again_and_again_it_loses_nothing_and_sends_nothing_twice(tmp_path: Path) -> None:
    with Appliance(tmp_path) as appliance:
        kills = 12
        for number in range(kills):
            text = f"Laporan {number} di tengah badai."
            gateway = appliance.start()
            appliance.modem.sms(f"+6281200000{number:03}", text)
            ticket = appliance.wait_for_text(text)
            appliance.county.reply(ticket["ticket_id"], f"Jawaban {number}.", f"j{number}")
            event = ("ticket_opened", "published", "part_sending", "slot_freed")[number % 4]
            appliance.wait(lambda now=gateway, what=event: now.logged(what), event)
            gateway.kill()
        appliance.serve()
        last = ("sent", "uncertain")
        for number in range(kills):
            told = appliance.wait(
                lambda key=f"j{number}": [s for s in appliance.county.states(key) if s in last], f"the end of j{number}"
            )
            copies = sum(sms.text == f"Jawaban {number}." for sms in appliance.air)
            assert copies == 1 if told[-1] == "sent" else copies <= 1
        assert len(appliance.county.tickets) == kills
        assert len({ticket["seq"] for ticket in appliance.county.tickets.values()}) == kills
        appliance.wait_for_empty_sim()


def test_what_was_sent_and_not_yet_told_is_not_sent_again_after_a_kill(tmp_path: Path) -> None:
    with Appliance(tmp_path) as appliance:
        gateway = appliance.serve()
        appliance.modem.sms(CITIZEN, "Mohon kabar.")
        ticket = appliance.wait_for_text("Mohon kabar.")
        appliance.county.reply(ticket["ticket_id"], "Sudah ditangani.", "k1")
        appliance.wait(lambda: appliance.air, "it is on the air")
        gateway.kill()
        appliance.serve()
        appliance.wait(lambda: {"sent", "uncertain"} & set(appliance.county.states("k1")), "its end is told")
        appliance.county.reply(ticket["ticket_id"], "Penutup.", "k2")
        appliance.wait_for_state("k2", "sent")
        assert appliance.air == [Sms(CITIZEN, "Sudah ditangani."), Sms(CITIZEN, "Penutup.")]


def test_a_second_gateway_on_the_same_folder_is_refused(tmp_path: Path) -> None:
    with Appliance(tmp_path) as appliance:
        appliance.serve()
        second = run(tmp_path)
        assert second.returncode != 0
        assert_one_line(second.stderr)
        appliance.modem.sms(CITIZEN, "Yang pertama tetap melayani.")
        appliance.wait_for_text("Yang pertama tetap melayani.")


@pytest.mark.parametrize(
    ("change", "names"),
    [
        (("pace_s = 0", "pace_z = 0"), "line[1].pace_z"),
        (("pace_s = 0", 'pace_s = "0 s"'), "line[1].pace_s"),
        (("Asia/Makassar", "Asia/Nowhere"), "gateway.timezone"),
        (("credentials/mqtt", "credentials/none"), "mqtt.password_file"),
        (("mqtt://127.0.0.1", "mqtt://broker.example"), "mqtt.url"),
        (("[store]", "[stores]"), "stores"),
        (("kentongan.db", "tidak-ada/kentongan.db"), "store.path"),
        (("[store]", "[store"), "kentongan.toml"),
    ],
)
def test_a_configuration_it_cannot_use_costs_one_line_and_exit_code_2(
    tmp_path: Path, change: tuple[str, str], names: str
) -> None:
    (tmp_path / "credentials").mkdir()
    (tmp_path / "credentials" / "mqtt").write_text("sandi")
    text = configuration(tmp_path, 1883, {})
    assert change[0] in text
    (tmp_path / "kentongan.toml").write_text(text.replace(*change))
    ended = run(tmp_path)
    assert ended.returncode == 2
    assert_one_line(ended.stderr)
    assert names in ended.stderr
    assert not (tmp_path / "kentongan.db").exists()


def test_a_database_of_a_newer_version_is_named_in_one_line(tmp_path: Path) -> None:
    (tmp_path / "credentials").mkdir()
    (tmp_path / "credentials" / "mqtt").write_text("sandi")
    (tmp_path / "kentongan.toml").write_text(configuration(tmp_path, 1883, {}))
    with closing(sqlite3.connect(tmp_path / "kentongan.db")) as db:
        db.execute("PRAGMA user_version = 999")
    ended = run(tmp_path)
    assert ended.returncode == 1
    assert_one_line(ended.stderr)
    assert "kentongan.db" in ended.stderr


def run(folder: Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "kentongan.daemon", "--config", "kentongan.toml", "run"]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=30, check=False)


def assert_one_line(words: str) -> None:
    assert re.fullmatch(r"kentongan: [^\n]+\n", words), words


def test_damage_met_while_running_ends_the_process_by_a_code_of_its_own_and_the_next_start_rescues(
    tmp_path: Path,
) -> None:
    with Appliance(tmp_path) as appliance:
        gateway = appliance.serve()
        appliance.modem.sms(CITIZEN, "Jembatan putus.")
        ticket = appliance.wait_for_text("Jembatan putus.")
        assert gateway.stop() == 0
        spoil(tmp_path / "kentongan.db", "command")
        gateway = appliance.serve()
        appliance.county.reply(ticket["ticket_id"], "Sudah ditangani.", "k1")
        assert gateway.process.wait(60) == EXIT_DAMAGED
        appliance.serve()
        appliance.wait_for_state("k1", "sent")
        appliance.wait(
            lambda: "store_salvaged" in appliance.county.status.get("alarm/store_salvaged", {}).values(), "told"
        )
        assert (tmp_path / "kentongan.db.damaged-1").exists()


def spoil(path: Path, table: str) -> None:
    """Overwrite the first page of a table, as a worn card does."""
    with closing(sqlite3.connect(path)) as database:
        (page,) = database.execute("SELECT rootpage FROM sqlite_master WHERE name = ?", (table,)).fetchone()
        (size,) = database.execute("PRAGMA page_size").fetchone()
    with path.open("r+b") as file:
        file.seek((page - 1) * size)
        file.write(b"\xff" * size)


def test_no_citizen_is_named_in_the_log(tmp_path: Path) -> None:
    with Appliance(tmp_path) as appliance:
        gateway = appliance.serve()
        appliance.modem.sms(CITIZEN, "Rahasia saya.")
        appliance.wait_for_text("Rahasia saya.")
        appliance.wait_for_empty_sim()
        gateway.stop()
        said = str(gateway.log) + str(gateway.words)
        assert "Rahasia" not in said
        assert CITIZEN[1:] not in said
        assert TOPICS.county not in said
