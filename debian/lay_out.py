# ruff: noqa: INP001 - a script of the packaging, not a module
"""Lay the program out under dist-packages as `setup.py` says, with the metadata that Python's tools look for.

A wheel is not built: the distribution's setuptools may be older than the one that pyproject.toml asks for.
"""

import runpy
import shutil
import sys
import tomllib
from pathlib import Path

FOLDERS = ("at", "queue", "mqtt", "daemon")


def metadata(project: dict[str, object], version: str) -> str:
    """Write the core metadata from pyproject.toml's `[project]`."""
    lines = [
        "Metadata-Version: 2.4",
        f"Name: {project['name']}",
        f"Version: {version}",
        f"Summary: {project['description']}",
        f"License-Expression: {project['license']}",
        f"Requires-Python: {project['requires-python']}",
    ]
    dependencies = project["dependencies"]
    if isinstance(dependencies, list):
        lines += [f"Requires-Dist: {requirement}" for requirement in dependencies]
    return "".join(f"{line}\n" for line in lines)


def main(target: Path) -> None:
    """Copy the four folders and write the metadata."""
    for folder in FOLDERS:
        shutil.copytree(folder, target / "kentongan" / folder, ignore=shutil.ignore_patterns("__pycache__"))
    project = tomllib.loads(Path("pyproject.toml").read_text())["project"]
    version = str(runpy.run_path("daemon/version.py")["VERSION"])
    info = target / f"kentongan-{version}.dist-info"
    info.mkdir()
    (info / "METADATA").write_text(metadata(project, version))
    (info / "INSTALLER").write_text("debian\n")
    scripts = "".join(f"{name} = {target}\n" for name, target in project["scripts"].items())
    (info / "entry_points.txt").write_text(f"[console_scripts]\n{scripts}")


main(Path(sys.argv[1]))
