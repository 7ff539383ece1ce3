"""A box that has never started, and the card in it: what a technician wrote, and what the box answers."""

from pathlib import Path

from kentongan.daemon.flashcard_apply import Places


def unboxed(folder: Path) -> Places:
    """Lay out a box with an empty card."""
    places = Places(folder / "card", folder / "etc", folder / "iwd", folder / "serial")
    places.card.mkdir()
    places.etc.mkdir()
    places.serial.write_bytes(b"10000000abcdef01\0")
    return places


def put(box: Places, text: str | bytes, name: str = "KONFIGURASI.txt") -> Path:
    """Leave a file on the card."""
    path = box.card / name
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


def result(box: Places) -> str:
    """Read what the box wrote on the card."""
    return (box.card / "HASIL.txt").read_bytes().decode("utf-8-sig")
