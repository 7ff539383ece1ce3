#!/usr/bin/env python3
# ruff: noqa: S603, S607, T201 - one file of its own, for whoever flashes: it asks ssh-keygen
"""Sign an image, and judge one before it is flashed. Needs Python and OpenSSH, and nothing else of this project.

    python3 signing.py sign IMAGE VERSION EPOCH [KEY]       whoever builds (image/build does it)
    python3 signing.py periksa IMAGE --kunci pengelola.txt [--terpasang HASIL.txt] [--mundur]

What is signed is the manifest beside the image: version, day, size and sha256. `pengelola.txt` holds one line,
`NAME namespaces="kentongan-image" ssh-ed25519 AAAA...`, and comes by another way than the image.
"""

import argparse
import hashlib
import re
import subprocess
import sys
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

NAMESPACE = "kentongan-image"
FIRST = "kentongan-image 1"
PIECE = 1 << 20
MANIFEST_MAX = 4096  # octets: what is not believed yet is not read without a bound
NUMBERS = re.compile(r"[0-9]+(?:\.[0-9]+){1,3}")


class Refused(Exception):
    """The image must not be flashed; the text says why and what to do."""


@dataclass(frozen=True, slots=True)
class Manifest:
    """What is said of an image."""

    version: str
    made: str
    image: str
    size: int
    sha256: str

    def text(self) -> str:
        """Word it, a line for each."""
        facts = (f"version {self.version}", f"made {self.made}", f"image {self.image}", f"size {self.size}")
        return "\n".join((FIRST, *facts, f"sha256 {self.sha256}")) + "\n"


def read_manifest(text: str) -> Manifest:
    """Read what was signed; raises `Refused` for anything but exactly that."""
    pattern = (
        rf"{FIRST}\nversion (?P<version>{NUMBERS.pattern})\nmade (?P<made>[0-9]{{4}}-[0-9]{{2}}-[0-9]{{2}})\n"
        r"image (?P<image>[A-Za-z0-9._-]+)\nsize (?P<size>[0-9]+)\nsha256 (?P<sha256>[0-9a-f]{64})\n"
    )
    found = re.fullmatch(pattern, text)
    if found is None:
        raise Refused("RUSAK: isi berkas .manifest tidak dikenal. Unduh lagi ketiga berkas.")
    return Manifest(found["version"], found["made"], found["image"], int(found["size"]), found["sha256"])


def digest(image: Path) -> str:
    """Sum an image up."""
    found = hashlib.sha256()
    with image.open("rb") as file:
        while piece := file.read(PIECE):
            found.update(piece)
    return found.hexdigest()


def beside(image: Path, ending: str) -> Path:
    """Name what lies beside an image."""
    return image.with_name(image.name + ending)


def sign(image: Path, version: str, epoch: int, key: Path | None) -> None:
    """Write the manifest, and its signature where there is a key; raises `CalledProcessError`."""
    made = f"{datetime.fromtimestamp(epoch, UTC):%Y-%m-%d}"
    manifest, signature = beside(image, ".manifest"), beside(image, ".manifest.sig")
    signature.unlink(missing_ok=True)
    manifest.write_bytes(Manifest(version, made, image.name, image.stat().st_size, digest(image)).text().encode())
    if key is not None:
        subprocess.run(["ssh-keygen", "-q", "-Y", "sign", "-n", NAMESPACE, "-f", key, manifest], check=True)


def judge(image: Path, keys: Path, installed: str) -> tuple[Manifest, str]:
    """Give manifest and signer of an image that may be flashed; raises `Refused`."""
    manifest, signature = beside(image, ".manifest"), beside(image, ".manifest.sig")
    for path in (keys, image, manifest, signature):
        if not path.is_file():
            raise Refused(f"TIDAK LENGKAP: {path} tidak ada. Minta berkas itu kepada pengelola.")
    with manifest.open("rb") as file:
        words = file.read(MANIFEST_MAX)
    signer = _signer(words, signature, keys)
    said = read_manifest(words.decode("ascii", "replace"))
    if said.image != image.name:
        raise Refused(f"BERKAS LAIN: tanda tangan ini milik {said.image}. Pakai berkas dengan nama aslinya.")
    if image.stat().st_size != said.size:
        raise Refused(f"TERPOTONG: besarnya {image.stat().st_size} bita, seharusnya {said.size}. Unduh lagi.")
    if digest(image) != said.sha256:
        raise Refused("RUSAK: isi berkas tidak sama dengan yang ditandatangani. Unduh lagi.")
    if installed and _order(said.version) < _order(installed):
        raise Refused(f"LEBIH LAMA: citra ini versi {said.version}, alat sudah memakai {installed}.")
    return said, signer


def _signer(words: bytes, signature: Path, keys: Path) -> str:
    """Name whose signature this is; raises `Refused` when none of the keys made it of these words."""
    named = subprocess.run(
        ["ssh-keygen", "-Y", "find-principals", "-s", signature, "-f", keys], capture_output=True, check=False
    )
    name = named.stdout.decode("utf-8", "replace").partition("\n")[0]
    if named.returncode or not name:
        raise Refused("KUNCI LAIN: berkas ini tidak ditandatangani pengelola Anda. Jangan dipakai; hubungi pengelola.")
    checked = subprocess.run(
        ["ssh-keygen", "-Y", "verify", "-n", NAMESPACE, "-I", name, "-s", signature, "-f", keys],
        input=words,
        capture_output=True,
        check=False,
    )
    if checked.returncode:
        raise Refused("TANDA TANGAN SALAH: keterangan citra sudah diubah. Jangan dipakai; hubungi pengelola.")
    return name


def _order(version: str) -> tuple[int, ...]:
    return tuple(int(number) for number in version.split("."))


def installed_version(told: str) -> str:
    """Take a version as it is, or find it in the HASIL.txt of a card; raises `Refused`."""
    if NUMBERS.fullmatch(told):
        return told
    path = Path(told)
    found = re.findall(rf"\bversi ({NUMBERS.pattern})", path.read_text("utf-8-sig")) if path.is_file() else []
    if not found:
        raise Refused(f"VERSI TIDAK DIKETAHUI: {told} tidak menyebut versi alat. Tulis --terpasang 0.1.0, misalnya.")
    return str(found[-1])


def main() -> int:
    """Sign, or judge and say so."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    orders = parser.add_subparsers(dest="order", required=True)
    signing = orders.add_parser("sign")
    signing.add_argument("image", type=Path)
    signing.add_argument("version")
    signing.add_argument("epoch", type=int)
    signing.add_argument("key", type=Path, nargs="?")
    judging = orders.add_parser("periksa")
    judging.add_argument("image", type=Path)
    judging.add_argument("--kunci", type=Path, required=True, help="pengelola.txt")
    judging.add_argument("--terpasang", default="", help="HASIL.txt dari kartu lama, atau versinya")
    judging.add_argument("--mundur", action="store_true", help="versi lebih lama memang diinginkan")
    told = parser.parse_args()
    if told.order == "sign":
        sign(told.image, told.version, told.epoch, told.key)
        return 0
    try:
        installed = installed_version(told.terpasang) if told.terpasang and not told.mundur else ""
        found, signer = judge(told.image, told.kunci, installed)
    except Refused as refused:
        print(f"JANGAN DITULIS. {refused}")
        return 1
    print(f"BOLEH DITULIS: {found.image}, versi {found.version}, dibuat {found.made}, ditandatangani {signer}.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
