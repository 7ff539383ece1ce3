"""The signed image: made with a key of the occasion, judged by ssh-keygen itself, and every forgery refused."""

import importlib.util
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

IMAGE = Path(__file__).parents[1] / "image"
SIGNING = IMAGE / "signing.py"
EPOCH = 1_795_000_000
OURS = "pengelola@luwuutara"
NAME = "kentongan-0.2.0-arm64.img.xz"

spec = importlib.util.spec_from_file_location("image_signing", SIGNING)
assert spec is not None
assert spec.loader is not None
signing = importlib.util.module_from_spec(spec)
sys.modules[spec.name] = signing
spec.loader.exec_module(signing)


def new_key(path: Path) -> Path:
    """Make a key without a passphrase."""
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "uji", "-f", path], check=True)
    return path


def trust(path: Path, key: Path, options: str = 'namespaces="kentongan-image" ') -> Path:
    """Write the line that whoever flashes got by another way."""
    path.write_text(f"{OURS} {options}{key.with_suffix('.pub').read_text()}")
    return path


@dataclass(frozen=True)
class Office:
    """A folder with a signed image and what the office trusts."""

    image: Path
    keys: Path
    key: Path
    run: Callable[..., tuple[int, str]]

    def judge(self, *more: str | Path) -> tuple[int, str]:
        """Judge the image as it lies there."""
        return self.run("periksa", self.image, "--kunci", self.keys, *more)

    def sign(self, *key: Path) -> None:
        """Let somebody sign it."""
        assert self.run("sign", self.image, "0.2.0", EPOCH, *key) == (0, "")


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Callable[..., tuple[int, str]]:
    def run_it(*words: object) -> tuple[int, str]:
        monkeypatch.setattr(sys, "argv", ["signing.py", *map(str, words)])
        code = signing.main()
        return code, capsys.readouterr().out.strip()

    return run_it


@pytest.fixture(scope="module")
def signed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("signed")
    (folder / NAME).write_bytes(bytes(range(256)) * 8192)
    trust(folder / "pengelola.txt", new_key(folder / "kunci"))
    signing.sign(folder / NAME, "0.2.0", EPOCH, folder / "kunci")
    return folder


@pytest.fixture
def office(tmp_path: Path, signed: Path, run: Callable[..., tuple[int, str]]) -> Office:
    folder = tmp_path / "kantor"
    shutil.copytree(signed, folder)
    return Office(folder / NAME, folder / "pengelola.txt", folder / "kunci", run)


def test_an_image_as_it_was_signed_may_be_flashed(office: Office) -> None:
    alone = [sys.executable, "-I", SIGNING, "periksa", office.image, "--kunci", office.keys]
    done = subprocess.run(alone, capture_output=True, text=True, check=True)

    assert done.stdout == f"BOLEH DITULIS: {NAME}, versi 0.2.0, dibuat 2026-11-18, ditandatangani {OURS}.\n"


def test_the_commands_of_the_guide_say_the_same_without_our_script(office: Office) -> None:
    manifest = Path(f"{office.image}.manifest")
    asked = ["ssh-keygen", "-Y", "verify", "-f", office.keys, "-I", OURS, "-n", "kentongan-image"]
    done = subprocess.run(
        [*asked, "-s", f"{manifest}.sig"], input=manifest.read_bytes(), capture_output=True, check=False
    )

    assert done.returncode == 0
    assert done.stdout.startswith(b'Good "kentongan-image" signature')
    summed = subprocess.run(["sha256sum", office.image], capture_output=True, text=True, check=True)
    assert f"sha256 {summed.stdout.split()[0]}\n" in manifest.read_text()


def test_one_changed_octet_is_refused(office: Office) -> None:
    with office.image.open("r+b") as file:
        file.seek(1_000_000)
        file.write(b"!")

    assert office.judge() == (
        1,
        "JANGAN DITULIS. RUSAK: isi berkas tidak sama dengan yang ditandatangani. Unduh lagi.",
    )


@pytest.mark.parametrize("kept", [0, 1, 2_000_000])
def test_a_download_that_broke_off_is_refused(office: Office, kept: int) -> None:
    office.image.write_bytes(office.image.read_bytes()[:kept])

    code, said = office.judge()

    assert (code, said.split(":")[0]) == (1, "JANGAN DITULIS. TERPOTONG")


def test_another_key_is_refused_whatever_name_it_gives_itself(office: Office, tmp_path: Path) -> None:
    office.sign(new_key(tmp_path / "orang-lain"))

    code, said = office.judge()

    assert (code, said.split(":")[0]) == (1, "JANGAN DITULIS. KUNCI LAIN")


def test_a_manifest_changed_after_it_was_signed_is_refused(office: Office) -> None:
    manifest = Path(f"{office.image}.manifest")
    manifest.write_bytes(manifest.read_bytes().replace(b"version 0.2.0", b"version 9.9.9"))

    code, said = office.judge()

    assert (code, said.split(":")[0]) == (1, "JANGAN DITULIS. TANDA TANGAN SALAH")


@pytest.mark.parametrize("broken", [b"", b"-----BEGIN SSH SIGNATURE-----\nAAAA\n", b"\xff" * 300])
def test_what_is_no_signature_is_refused(office: Office, broken: bytes) -> None:
    Path(f"{office.image}.manifest.sig").write_bytes(broken)

    code, said = office.judge()

    assert (code, said.split(":")[0]) == (1, "JANGAN DITULIS. KUNCI LAIN")


def test_a_signature_made_for_something_else_is_refused(office: Office) -> None:
    manifest = Path(f"{office.image}.manifest")
    trust(office.keys, office.key, "")
    Path(f"{manifest}.sig").unlink()
    subprocess.run(["ssh-keygen", "-q", "-Y", "sign", "-n", "file", "-f", office.key, manifest], check=True)

    assert office.judge()[0] == 1


def test_an_image_under_the_signature_of_another_is_refused(office: Office) -> None:
    other = office.image.with_name("kentongan-0.3.0-arm64.img.xz")
    office.image.rename(other)
    for ending in (".manifest", ".manifest.sig"):
        Path(f"{office.image}{ending}").rename(f"{other}{ending}")

    code, said = office.run("periksa", other, "--kunci", office.keys)

    assert (code, said.split(":")[0]) == (1, "JANGAN DITULIS. BERKAS LAIN")


@pytest.mark.parametrize("missing", ["", ".manifest", ".manifest.sig"])
def test_what_is_not_there_is_named(office: Office, missing: str) -> None:
    Path(f"{office.image}{missing}").unlink()

    code, said = office.judge()

    assert code == 1
    assert f"TIDAK LENGKAP: {office.image}{missing} tidak ada" in said


@pytest.mark.parametrize(
    ("installed", "may"), [("0.1.9", True), ("0.2.0", True), ("0.2.1", False), ("0.10.0", False), ("1.0", False)]
)
def test_a_version_below_the_boxs_own_is_refused(office: Office, tmp_path: Path, installed: str, may: bool) -> None:
    card = tmp_path / "HASIL.txt"
    card.write_text(f"\ufeffgw-lu2  Luwu Utara  versi {installed}  hidup 01m\r\n", encoding="utf-8")
    for told in (installed, card):
        code, said = office.judge("--terpasang", told)
        assert code == (0 if may else 1)
        assert ("LEBIH LAMA: citra ini versi 0.2.0, alat sudah memakai" in said) is not may


def test_going_back_has_to_be_wanted(office: Office) -> None:
    assert office.judge("--terpasang", "0.3.0")[0] == 1
    assert office.judge("--terpasang", "0.3.0", "--mundur")[0] == 0


def test_a_card_that_names_no_version_is_not_guessed_at(office: Office, tmp_path: Path) -> None:
    (tmp_path / "HASIL.txt").write_text("DITOLAK\n")
    for told in (tmp_path / "HASIL.txt", tmp_path / "tidak-ada.txt", "versi baru"):
        code, said = office.judge("--terpasang", told)
        assert (code, said.split(":")[0]) == (1, "JANGAN DITULIS. VERSI TIDAK DIKETAHUI")


def test_an_image_without_a_key_has_a_manifest_and_is_refused(office: Office) -> None:
    office.sign()

    assert Path(f"{office.image}.manifest").exists()
    assert office.judge()[1].startswith("JANGAN DITULIS. TIDAK LENGKAP")


def test_each_build_signs_what_it_compressed_last() -> None:
    told = (IMAGE / "build").read_text()

    assert told.index("xz -T2") < told.index("image/signing.py sign")


def test_nothing_on_the_box_writes_to_its_root_by_itself() -> None:
    packages = (IMAGE / "packages.txt").read_text().split()
    finish = (IMAGE / "finish").read_text()

    assert not {"unattended-upgrades", "packagekit", "rauc", "apt-listchanges"} & set(packages)
    assert {"apt-daily.timer", "apt-daily-upgrade.timer"} <= set(finish.partition("systemctl -q mask")[2].split())
