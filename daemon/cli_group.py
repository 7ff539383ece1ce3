"""The command line's group: names and one-line helps here, each command's own module only when it is called."""

from importlib import import_module
from pathlib import Path

import click

from kentongan.daemon.main import CONFIG_VARIABLE, DEFAULT_PATH

# name: (module, object, one line of help)
COMMANDS = {
    "run": ("kentongan.daemon.cli_run", "run", "Run the gateway."),
    "watch": ("kentongan.daemon.cli_run", "watch", "Run the watcher: lamps, and the alarm when the gateway is dead."),
    "demo": ("kentongan.daemon.cli_demo", "demo", "Show everything live, on a virtual modem and a real broker."),
    "status": ("kentongan.daemon.cli_status", "status", "Show how the box is: lines, server, lamps, faults."),
    "tickets": ("kentongan.daemon.cli_tickets", "tickets", "List the newest tickets."),
    "outbox": ("kentongan.daemon.cli_tickets", "outbox", "List the newest outgoing SMS."),
    "queue": ("kentongan.daemon.cli_store", "queue", "Show what waits, and how full the store is."),
    "report": ("kentongan.daemon.cli_report", "report", "Show a month in figures; --csv for Excel, --html to print."),
    "export": ("kentongan.daemon.cli_export", "export", "Write tickets as a table for Excel."),
    "erase": ("kentongan.daemon.cli_store", "erase", "Erase what a citizen wrote, for good."),
    "hold": ("kentongan.daemon.cli_privacy", "hold", "Keep a citizen's data while a legal case runs."),
    "manifest": ("kentongan.daemon.cli_privacy", "manifest", "List whose data is still on the card."),
    "integrity": ("kentongan.daemon.cli_store", "integrity", "Check the whole database."),
    "send": ("kentongan.daemon.cli_tickets", "send", "Send one SMS through this box."),
    "exam": ("kentongan.daemon.cli_exam", "exam", "Examine a modem and print its certificate."),
    "sim": ("kentongan.daemon.cli_sim", "sim", "Accept the SIM that is in a line."),
    "console": ("kentongan.daemon.cli_console", "console", "Serve a technician on this line."),
    "periksa": ("kentongan.daemon.cli_periksa", "periksa", "Examine the box; exits with 1 when something is wrong."),
    "ekspor": ("kentongan.daemon.cli_ekspor", "ekspor", "Copy status, faults and recordings to a USB stick."),
    "doctor": ("kentongan.daemon.cli_periksa", "periksa", "The same as periksa."),
    "decode": ("kentongan.daemon.cli_decode", "decode", "Explain one PDU field by field."),
    "simulate": ("kentongan.daemon.cli_simulate", "simulate", "Run whole gateways on virtual modems against a broker."),
    "conformance": (
        "kentongan.daemon.cli_conformance",
        "conformance",
        "Hold a county's backend against the contract, point by point.",
    ),
    "firstboot": ("kentongan.daemon.cli_firstboot", "command", "Take the SD card's KONFIGURASI.txt over."),
    "hasil": ("kentongan.daemon.cli_hasil", "hasil", "Write on the SD card how the box is."),
    "check-config": (
        "kentongan.daemon.cli_config",
        "check_config",
        "Check the configuration and show what is in force.",
    ),
}


class LazyGroup(click.Group):
    """A group that imports a command when it is called."""

    def list_commands(self, _ctx: click.Context) -> list[str]:
        """List the commands in the order of the table."""
        return list(COMMANDS)

    def get_command(self, _ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Load one command."""
        if cmd_name not in COMMANDS:
            return None
        module, name, _ = COMMANDS[cmd_name]
        command: click.Command = getattr(import_module(module), name)
        return command

    def format_commands(self, _ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the list of commands without loading any."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, text) for name, (_, _, text) in COMMANDS.items()])


def _show_version(ctx: click.Context, _param: click.Parameter, wanted: bool) -> None:
    if wanted and not ctx.resilient_parsing:
        from kentongan.daemon.version import VERSION  # noqa: PLC0415 - read when asked

        click.echo(f"kentongan {VERSION}")
        ctx.exit()


@click.group(cls=LazyGroup, context_settings={"help_option_names": ["-h", "--help"]})
@click.option(
    "--config",
    "path",
    metavar="PATH",
    envvar=CONFIG_VARIABLE,
    default=DEFAULT_PATH,
    show_default=True,
    help=f"The configuration file; also {CONFIG_VARIABLE}.",
)
@click.option("--version", is_flag=True, is_eager=True, expose_value=False, callback=_show_version, help="Show it.")
@click.pass_context
def cli(ctx: click.Context, path: str) -> None:
    """Kentongan: an SMS gateway that loses nothing, sends nothing twice in silence, and says when it cannot run."""
    ctx.obj = Path(path)


def _remember(ctx: click.Context, _param: click.Parameter, path: str | None) -> None:
    if path is not None:
        ctx.obj = Path(path)


# Every command takes --config as well, so that nobody has to remember on which side of its name it belongs.
config_option = click.option(
    "--config", metavar="PATH", expose_value=False, callback=_remember, help="The configuration file."
)
