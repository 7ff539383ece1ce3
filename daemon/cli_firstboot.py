"""`kentongan firstboot`: take the SD card's KONFIGURASI.txt over, before the gateway starts."""

from pathlib import Path

import click

from kentongan.daemon.flashcard_apply import Places, firstboot

BOX = Places()


@click.command()
@click.option("--card", type=click.Path(path_type=Path), default=BOX.card, help="Where the FAT partition is.")
@click.option("--etc", type=click.Path(path_type=Path), default=BOX.etc, help="Where kentongan.toml is.")
@click.option("--iwd", type=click.Path(path_type=Path), default=BOX.iwd, help="Where Wi-Fi passwords are.")
def command(card: Path, etc: Path, iwd: Path) -> None:
    """Read KONFIGURASI.txt, change the configuration as a whole or not at all, and write HASIL.txt beside it.

    Exits with 0 even when the card is refused: the gateway starts on its last good configuration.
    """
    found = firstboot(Places(card, etc, iwd))
    for note in (*found.errors, *found.warnings):
        click.echo(f"{note.line}: {note.text}", err=True)
    click.echo("rejected" if found.errors else "blank" if found.blank else "accepted")
