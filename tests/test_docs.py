"""What people read agrees with what the program does."""

import re
import subprocess
import sys
import tomllib
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from kentongan.daemon import config
from kentongan.daemon.cli_group import COMMANDS

ROOT = Path(__file__).resolve().parent.parent


def test_the_field_guide_names_every_fault_as_the_lamps_do() -> None:
    run = subprocess.run([sys.executable, "scripts/panduan.py", "--check"], cwd=ROOT, check=False)
    assert run.returncode == 0, "run: .venv/bin/python scripts/panduan.py"


def test_the_pictures_and_the_table_of_pins_are_drawn_from_one_source() -> None:
    run = subprocess.run([sys.executable, "scripts/gambar.py", "--check"], cwd=ROOT, check=False)
    assert run.returncode == 0, "run: .venv/bin/python scripts/gambar.py"


def test_every_picture_of_the_guide_is_there_whole_and_has_words_for_those_who_cannot_see_it() -> None:
    guide = (ROOT / "PANDUAN.md").read_text("utf-8")
    named = set(re.findall(r"\((docs/[a-z0-9/-]+\.svg)\)", guide))
    assert {f"docs/gambar/{path.name}" for path in (ROOT / "docs" / "gambar").iterdir()} <= named
    for name in named:
        drawing = ET.parse(ROOT / name).getroot()
        assert drawing.tag.endswith("svg")
    assert not re.findall(r"!\[\]", guide)


def test_the_readme_configures_a_gateway_that_would_start(tmp_path: Path) -> None:
    (block,) = re.findall(r"```toml\n(.*?)```", (ROOT / "README.md").read_text("utf-8"), re.DOTALL)
    tomllib.loads(block)
    (tmp_path / "kentongan.toml").write_text(block)
    (tmp_path / "credentials").mkdir()
    (tmp_path / "credentials" / "mqtt").write_text("rahasia\n")
    (tmp_path / "ca.crt").touch()
    read = config.load(tmp_path / "kentongan.toml")
    assert read.gateway.ticket_prefix == "LU2"
    assert read.mqtt.ca_file == str(tmp_path / "ca.crt")


@pytest.mark.parametrize("page", ["README.md", "PANDUAN.md"])
def test_every_command_named_exists(page: str) -> None:
    named = set(re.findall(r"`kentongan ([a-z-]+)", (ROOT / page).read_text("utf-8")))
    assert named
    assert named <= set(COMMANDS)


@pytest.mark.parametrize("page", ["README.md", "PANDUAN.md", "DESIGN.md", "CHANGELOG.md", "examples/README.md"])
def test_every_link_leads_somewhere(page: str) -> None:
    path = ROOT / page
    links = re.findall(r"\]\((?!https?:)([^)#]+)\)", path.read_text("utf-8"))
    assert [link for link in links if not (path.parent / link).exists()] == []


def test_every_make_target_named_in_the_readme_exists() -> None:
    targets = set(re.findall(r"^([a-z0-9-]+):", (ROOT / "Makefile").read_text("utf-8"), re.MULTILINE))
    named = set(re.findall(r"(?:^|`)make ([a-z0-9-]+)", (ROOT / "README.md").read_text("utf-8"), re.MULTILINE))
    assert {"demo", "test"} <= named <= targets
