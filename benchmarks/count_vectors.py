"""Count the vectors of the PDU codec's tests: cases with written-down octets that are read, or written, or both.

    python benchmarks/count_vectors.py

Runs the tests and watches which of the codec's functions each case calls; properties and fuzzing are left out. The
exit status tells whether there are as many as promised.
"""

import sys
from collections import Counter, defaultdict
from collections.abc import Generator
from pathlib import Path
from types import FrameType

import pytest

ROOT = Path(__file__).resolve().parent.parent
PROMISED = {"decode": 400, "encode": 150}
CODEC = "/at/pdu/"
ELEMENTS = (*range(2), 4, 5, 6, 7, 8, 9, *range(0x0A, 0x15), *range(0x20, 0x26), *range(0x70, 0x80))


class Watch:
    """A plugin that notes what each case calls."""

    def __init__(self) -> None:
        self.cases: Counter[str] = Counter()
        self.by_file: defaultdict[str, Counter[str]] = defaultdict(Counter)
        self.seen: defaultdict[str, set[int]] = defaultdict(set)
        self._kinds: set[str] = set()

    @pytest.hookimpl(wrapper=True)
    def pytest_pyfunc_call(self, pyfuncitem: pytest.Function) -> Generator[None, object, object]:
        """Watch one case."""
        if hasattr(pyfuncitem.obj, "hypothesis") or "fuzz" in pyfuncitem.path.name:
            return (yield)
        self._kinds = set()
        sys.setprofile(self._note)
        try:
            return (yield)
        finally:
            sys.setprofile(None)
            for kind in self._kinds:
                self.cases[kind] += 1
                self.by_file[pyfuncitem.path.name][kind] += 1

    def _note(self, frame: FrameType, event: str, _arg: object) -> None:
        code = frame.f_code
        if event != "call" or CODEC not in code.co_filename:
            return
        module, name, known = Path(code.co_filename).stem, code.co_name, frame.f_locals
        if name.startswith(("read", "_read", "decode", "unpack", "dcs_of", "explain")) or name in {"unix_ms", "_pair"}:
            self._kinds.add("decode")
        if name.startswith(("write", "encode", "pack", "segment", "wire", "_octets", "scts_of")):
            self._kinds.add("encode")
        match module, name:
            case "udh", "_read":
                self.seen["elements read"].add(known["iei"])
            case "dcs", "dcs_of":
                self.seen["data coding octets"].add(known["raw"])
            case "national", "locking_table" | "single_table":
                self.seen[f"{name.partition('_')[0]} shift tables"].add(known["language"])


def main() -> int:
    """Run the tests, print the figures."""
    watch = Watch()
    tests = [str(path) for path in sorted((ROOT / "tests").glob("test_at_pdu_*.py"))]
    if pytest.main(["-q", "--no-header", "-p", "no:cacheprovider", *tests], plugins=[watch]):
        return 1
    for name, kinds in sorted(watch.by_file.items()):
        print(f"{name:28} {kinds['decode']:5} read  {kinds['encode']:5} written")
    print(f"{'all':28} {watch.cases['decode']:5} read  {watch.cases['encode']:5} written")
    for what, found in sorted(watch.seen.items()):
        print(f"{what}: {len(found)}")
    missing = sorted(set(ELEMENTS) - watch.seen["elements read"])
    print(f"elements of modem.md 5.10 never read: {[f'{iei:02X}' for iei in missing] or 'none'}")
    short = [kind for kind, least in PROMISED.items() if watch.cases[kind] < least]
    return 1 if short or missing or len(watch.seen["data coding octets"]) < 256 else 0


if __name__ == "__main__":
    sys.exit(main())
