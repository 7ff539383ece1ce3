"""A new memory card in an old box: no ticket number comes again, as the broker remembers them."""

from pathlib import Path

from appliance import Appliance

from kentongan.queue.numbers import parse_number


def test_after_the_card_was_flashed_anew_no_number_comes_again(tmp_path: Path) -> None:
    with Appliance(tmp_path) as appliance:
        gateway = appliance.serve()
        appliance.modem.sms("+6281234567890", "Jembatan putus.")
        first = appliance.wait_for_text("Jembatan putus.")
        assert gateway.stop() == 0
        gateway = appliance.serve()  # says at the broker how far it has come
        appliance.wait(lambda: appliance.county.status.get("info", {}).get("ticket_counter") == 1, "told")
        assert gateway.stop() == 0
        for path in tmp_path.glob("kentongan.db*"):
            path.unlink()
        appliance.serve()
        appliance.wait(lambda: appliance.county.status.get("info", {}).get("ticket_counter", 0) > 1, "skipped")
        appliance.modem.sms("+6285200001111", "Lampu mati.")
        second = appliance.wait_for_text("Lampu mati.")
    counters = [parse_number(ticket["ticket_number"]).counter for ticket in (first, second)]
    assert counters[0] == 1
    assert counters[1] > 111
