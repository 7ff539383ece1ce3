"""The tree guards itself: what would break the packaging or the layers fails here first."""

import ast
import doctest
import importlib
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
ISLANDS = ("at", "queue", "mqtt")
FOLDERS = (*ISLANDS, "daemon")
# Each library that does I/O, and the only modules that may know it.
LIBRARIES = {
    "serial": {"at/port.py"},
    "peewee": {"queue/models.py", "queue/migrations.py", "queue/store.py"},
    "playhouse": {"queue/models.py", "queue/migrations.py", "queue/store.py"},
    "paho": {"mqtt/client.py"},
    "RPi": {"daemon/gpio.py"},
}
# What would build the tree's package from something else than its sources.
NOT_SOURCES = shutil.ignore_patterns("__pycache__", "*.egg-info", "build", ".*", "tests", "docs", "benchmarks")


def modules() -> list[Path]:
    """List the package's modules, as paths below the root."""
    return sorted(path.relative_to(ROOT) for folder in FOLDERS for path in (ROOT / folder).rglob("*.py"))


def dotted(module: Path) -> str:
    """Name a module as Python imports it."""
    parts = module.with_suffix("").parts
    return ".".join(("kentongan", *(parts[:-1] if parts[-1] == "__init__" else parts)))


def imports(module: Path) -> set[str]:
    """Name everything a module imports, wherever in it."""
    found = set()
    for node in ast.walk(ast.parse((ROOT / module).read_text("utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            found.add("." * node.level + (node.module or ""))
            if not node.level:
                found |= {f"{node.module}.{alias.name}" for alias in node.names}
    return found


def offenders(forbidden: dict[Path, set[str]]) -> list[str]:
    """Say which module imports what it may not."""
    return [f"{module}: {name}" for module, names in forbidden.items() for name in sorted(names)]


def test_queue_stays_a_namespace() -> None:
    assert not (ROOT / "queue" / "__init__.py").exists()
    files = [path for path in (ROOT / "queue").iterdir() if path.is_file()]
    assert [path.name for path in files if path.suffix not in {".py", ".typed"}] == []
    assert [path.name for path in (ROOT / "queue").glob("*test*")] == []


@pytest.mark.parametrize("module", ["queue", "concurrent.futures.thread", "logging.handlers", "multiprocessing.pool"])
def test_the_root_as_working_directory_shadows_no_standard_module(module: str) -> None:
    code = f"import importlib, queue; importlib.import_module({module!r}); print(queue.SimpleQueue.__name__)"
    run = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=False)
    assert (run.stdout, run.stderr) == ("SimpleQueue\n", "")


def test_islands_know_neither_each_other_nor_the_daemon() -> None:
    forbidden = {}
    for module in modules():
        island = module.parts[0]
        others = tuple(f"kentongan.{folder}" for folder in FOLDERS if folder != island)
        if island in ISLANDS:
            forbidden[module] = {
                name for name in imports(module) if any(name == o or name.startswith(f"{o}.") for o in others)
            }
    assert offenders(forbidden) == []


def test_imports_are_absolute() -> None:
    assert offenders({module: {name for name in imports(module) if name.startswith(".")} for module in modules()}) == []


@pytest.mark.parametrize("library", LIBRARIES)
def test_each_io_library_is_known_to_its_own_modules_alone(library: str) -> None:
    users = {m.as_posix() for m in modules() if any(n.split(".")[0] == library for n in imports(m))}
    assert users <= LIBRARIES[library]


def test_tests_are_flat_and_no_package() -> None:
    assert [path.relative_to(ROOT) for path in (ROOT / "tests").rglob("__init__.py")] == []
    assert [path.relative_to(ROOT) for path in (ROOT / "tests").glob("*/**/test_*.py")] == []


def test_no_source_folder_holds_tests() -> None:
    found = [m for m in modules() if m.name.startswith("test_") or m.name == "conftest.py"]
    assert found == []


def test_the_wheel_holds_the_modules_of_the_tree_and_nothing_else(tmp_path: Path) -> None:
    copy = tmp_path / "copy"
    shutil.copytree(ROOT, copy, ignore=NOT_SOURCES, symlinks=True)
    build = [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", str(tmp_path), str(copy)]
    subprocess.run(build, check=True, capture_output=True, text=True)
    (wheel,) = tmp_path.glob("*.whl")
    names = zipfile.ZipFile(wheel).namelist()
    assert {n for n in names if n.endswith(".py")} == {f"kentongan/{m.as_posix()}" for m in modules()}
    assert {n.split("/")[0] for n in names if ".dist-info/" not in n} == {"kentongan"}
    assert {f"kentongan/{folder}/py.typed" for folder in FOLDERS} <= set(names)


def test_examples_in_docstrings_hold() -> None:
    for module in modules():
        if ">>> " in (ROOT / module).read_text("utf-8"):
            result = doctest.testmod(importlib.import_module(dotted(module)))
            assert (result.failed, result.attempted > 0) == (0, True), module
