"""Classification, masking, notices and time standards: pure rooms, the traps of domain.md 5.4 and 5.1."""

import re
from time import perf_counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kentongan.daemon import classify, standards
from kentongan.daemon.errors import ConfigError
from kentongan.daemon.notices import read_notice
from kentongan.daemon.public import public_text
from kentongan.queue.records import Moment
from kentongan.queue.store_ledger import Point

RULES = classify.load()
FALLBACK = "pelayanan-publik"


@pytest.mark.parametrize(
    ("text", "slugs"),
    [
        ("lampu jalan mati", {"infrastruktur"}),
        ("mati lampu", {"energi"}),
        ("petugas tetapi tidak cair", {FALLBACK}),
        ("kebanjiran order", {FALLBACK}),
        ("Paket Darurat 10rb", {FALLBACK}),
        ("tambang pasir jalan rusak", {"esdm-lingkungan", "infrastruktur"}),
        ("jalan provinsi di Jepara", {"infrastruktur", "kab-kota"}),
        ("Lubang2 di jln raya", {"infrastruktur"}),
        ("JALAAAAN RUSAK!!!", {"infrastruktur"}),
        ("ada kebakaran di pasar", {"darurat", "ekonomi-industri"}),
        ("halo", {FALLBACK}),
        ("", {FALLBACK}),
    ],
)
def test_a_text_gets_its_categories_by_whole_words(text, slugs):
    assert set(RULES.classify(text).slugs) == slugs


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("terima kasih jalan sdh bagus", "thanks"),
        ("jalan rusak, terima kasih", "complaint"),
        ("usul pak, dibuat taman", "suggestion"),
        ("kapan bantuan turun", "question"),
        ("ini benar nomor pengaduan?", "question"),
        ("jalan rusak", "complaint"),
    ],
)
def test_a_text_has_one_kind(text, kind):
    assert RULES.classify(text).kind == kind


def test_only_an_emergency_is_urgent_and_only_the_first_word_makes_it_confidential():
    assert RULES.classify("tolong segera ada longsor").urgent
    assert not RULES.classify("lewat jalan darurat").urgent
    assert RULES.classify("Rahasia: lurah pungli").confidential
    assert not RULES.classify("ini rahasia").confidential


@given(st.text(max_size=400))
def test_any_text_is_classified_and_explained(text):
    found = RULES.classify(text)
    assert found.labels
    assert all(label.rules or label.slug == FALLBACK for label in found.labels)
    assert set(found.slugs) < set(RULES.audience(found)) | {""}


def broken(tmp_path, change):
    path = tmp_path / "rules.toml"
    path.write_text(change(classify.SHIPPED.read_text("utf-8")), "utf-8")
    with pytest.raises(ConfigError) as raised:
        classify.load(path)
    return raised.value


@pytest.mark.parametrize(
    ("change", "word"),
    [
        (lambda text: text.replace('"lampu jalan", ', ""), "misses its example"),
        (lambda text: text.replace('no = ["mati lampu dari pagi"]', 'no = ["lampu jalan mati"]'), "wrongly takes"),
        (lambda text: text.replace('group = "energi"', 'group = "tidak-ada"'), "no [groups] entry"),
        (lambda text: text + "\nbogus = 1\n", "unknown field"),
        (lambda text: text + "[", ""),
    ],
)
def test_a_rule_file_that_is_wrong_is_refused(tmp_path, change, word):
    error = broken(tmp_path, change)
    assert error.key == "inbound.rules_file"
    assert word in error.why


def test_a_rule_file_that_is_not_there_is_refused(tmp_path):
    with pytest.raises(ConfigError):
        classify.load(tmp_path / "nothing.toml")


# -- masking -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("NIK 3201234567890123", "NIK 32**************"),
        ("hp 0812-3456-7890 ya", "hp 08**-****-**** ya"),
        ("+62 812 3456 789", "+62 *** **** ***"),
        ("KK 3201 2345 6789 0123.", "KK 32** **** **** ****."),
        ("budi@mail.example", "***@***"),
        ("24-11-2026 jam 10.30", "24-11-2026 jam 10.30"),
        ("Tiket LU2-041-937-1", "Tiket LU2-041-937-1"),
        ("Rp 1.500.000", "Rp 1.500.000"),
        ("RT 03 RW 05", "RT 03 RW 05"),
    ],
)
def test_numbers_of_people_are_masked_and_others_stay(text, shown):
    assert public_text(text) == shown


@given(st.text(alphabet="0123456789 -.+abc", max_size=60))
def test_no_long_run_of_digits_is_left(text):
    assert not re.search(r"(?<![0-9A-Za-z])[0-9]{9,}(?![0-9A-Za-z])", public_text(text))


# -- notices -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "balance", "until"),
    [
        ("Sisa pulsa Rp45.000 aktif s.d. 01/05/2026", 45_000, "2026-05-01"),
        ("Pulsa Anda Rp 5.250,00 berlaku sampai 3 Des 2026", 5_250, "2026-12-03"),
        ("Saldo utama Rp. 100000", 100_000, ""),
        ("Masa aktif kartu Anda hingga 31-12-26", None, "2026-12-31"),
    ],
)
def test_an_operators_words_are_read(text, balance, until):
    found = read_notice(text)
    assert (found.balance_idr, found.active_until) == (balance, until)


@pytest.mark.parametrize("text", ["", "Selamat datang", "Kuota 5GB hanya hari ini", "aktif sampai 99/99/2026"])
def test_what_is_not_understood_is_not_guessed(text):
    assert read_notice(text) is None


# -- time standards ----------------------------------------------------------------------------------------------------


def test_every_shipped_profile_loads():
    for profile in ("luwu-utara", "lampung-barat", "rembang", "jateng", "sp4n", "perpres76"):
        assert standards.load(profile)
    assert standards.load("") == ()


def test_workdays_leave_out_the_weekend():
    leg = standards.Leg("x", "y", Point.RECEIVED, Point.ACKNOWLEDGED, 1, "workday")
    monday = Moment(0, 1_795_392_000_000, synced=True)
    weekday = (monday.wall_ms // standards.DAY_MS + standards.EPOCH_WEEKDAY) % 7
    days = leg.allowed_ms(monday, lambda _ms: 0) // standards.DAY_MS
    assert days == {0: 3, 6: 2}.get(weekday, 1)
    five = standards.Leg("x", "y", Point.RECEIVED, Point.ACKNOWLEDGED, 5, "workday")
    assert five.allowed_ms(monday, lambda _ms: 0) // standards.DAY_MS == 7


@pytest.mark.parametrize(
    "entry",
    [
        '{ from = "sent", to = "acknowledged", limit = "1 h" }',
        '{ from = "received", to = "received", limit = "1 h" }',
        '{ from = "received", to = "sent", limit = "1 week" }',
        '{ from = "received", to = "sent" }',
    ],
)
def test_a_profile_that_cannot_be_is_refused(tmp_path, entry):
    (tmp_path / "sla.toml").write_text(f"[x]\ny = {entry}\n")
    with pytest.raises(ConfigError):
        standards.load("x", tmp_path / "sla.toml")


def test_an_unknown_profile_is_refused_with_those_known():
    with pytest.raises(ConfigError) as raised:
        standards.load("bogor")
    assert "luwu-utara" in raised.value.remedy


@pytest.mark.parametrize("piece", ["a", "\u062c", "1", "1 ", "1-", "a@", "a@b.", "a.b@c.", "+(", "12-12-"])
def test_no_text_keeps_the_mask_busy(piece):
    """A text of 255 parts once took minutes: each start of a word without an end was followed to the text's end."""
    began = perf_counter()
    public_text(piece * (39_015 // len(piece)))
    assert perf_counter() - began < 5, "seconds; a tenth of one when nothing else runs"


def test_a_countys_villages_are_an_axis_of_their_own(tmp_path):
    rules = classify.SHIPPED.read_text("utf-8").replace('semua = "all"', 'semua = "all"\ndesa-sabbang = "area"', 1)
    rules += (
        '\n[[rule]]\nid = "sabbang"\ngroup = "desa-sabbang"\nphrases = ["sabbang"]\nyes = ["jalan rusak di sabbang"]\n'
    )
    (tmp_path / "rules.toml").write_text(rules, "utf-8")
    found = classify.load(tmp_path / "rules.toml")
    assert found.areas == {"desa-sabbang"}
    assert found.classify("jalan rusak di sabbang").slugs == ("infrastruktur", "desa-sabbang")
    slugs = found.classify("kami warga sabbang").slugs
    assert set(slugs) == {"desa-sabbang", "pelayanan-publik"}, "a village is no topic"
    assert classify.load().areas == frozenset()
