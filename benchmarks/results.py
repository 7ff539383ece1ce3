"""Keep benchmarks/RESULTS.md: one section a benchmark, each written by its own run."""

import os
import platform
import re
from pathlib import Path

RESULTS = Path(__file__).resolve().parent / "RESULTS.md"
HEAD = "# Results\n\nWritten by `make bench` and `make chaos`; each section says on what it was measured.\n"


def machine() -> str:
    """Describe the machine without naming it."""
    cpu = re.search(r"^model name\s*: (.*)$", Path("/proc/cpuinfo").read_text("utf-8"), re.MULTILINE)
    memory = re.search(r"^MemTotal:\s*(\d+) kB$", Path("/proc/meminfo").read_text("utf-8"), re.MULTILINE)
    parts = [
        cpu[1].strip() if cpu else platform.machine(),
        f"{os.cpu_count()} cores",
        f"{int(memory[1]) // 1024} MB" if memory else "",
        "Linux " + ".".join(platform.release().split(".")[:2]),
        f"Python {platform.python_version()}",
    ]
    return ", ".join(part for part in parts if part)


def write(name: str, body: str) -> None:
    """Replace the section `name`, or add it."""
    begin, end = f"<!-- {name} -->\n", f"<!-- /{name} -->\n"
    text = RESULTS.read_text("utf-8") if RESULTS.exists() else HEAD
    section = f"{begin}{body.rstrip()}\n\nMachine: {machine()}.\n{end}"
    if begin in text:
        head, _, rest = text.partition(begin)
        text = head + section + rest.partition(end)[2]
    else:
        text = f"{text.rstrip()}\n\n{section}"
    RESULTS.write_text(text, "utf-8")
