"""A new memory card in an old box: no ticket number comes again, as the broker and the SIM remember them."""

from pathlib import Path

from appliance import Appliance
from crash_world import World

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


def test_sms_that_waited_in_the_sim_for_a_new_card_are_numbered_above_its_mark(tmp_path: Path) -> None:
    world = World(tmp_path)
    world.vm.device.tray.card.phonebook = {250: ("41900", "HWM")}
    for _, tpdu in world._agenda:
        world.vm.deliver(tpdu)
    world._agenda.clear()
    world.run()
    assert world.violations() == []
    world.bench.start()
    counters = sorted(parse_number(ticket.number).counter for ticket in world.bench.store.tickets(9))
    world.bench.core.close(world.bench.at)
    assert counters == list(range(42_011, 42_016))


def test_the_sim_alone_keeps_a_new_memory_card_above_the_first_few_tickets(tmp_path: Path) -> None:
    folders = [tmp_path / "old", tmp_path / "new"]
    for folder in folders:
        folder.mkdir()
    worlds = [World(folder) for folder in folders]
    counters = []
    for world in worlds:
        world.vm.device.tray.card.phonebook = dict(worlds[0].vm.device.tray.card.phonebook)
        world.run()
        assert world.violations() == []
        world.bench.start()
        counters.append([parse_number(ticket.number).counter for ticket in world.bench.store.tickets(9)])
        world.bench.core.close(world.bench.at)
    assert min(counters[0]) == 1
    assert min(counters[1]) > max(counters[0])
