"""The world breaks and the gateway goes on: broker, modem, SIM memory, and sends that end in doubt."""

from pathlib import Path

import pytest
from appliance import Appliance, Sms

from kentongan.at.simulator import Fault, FaultKind

CITIZEN = "+6281234567890"


def test_with_the_broker_away_slots_are_freed_and_tickets_come_later(tmp_path: Path) -> None:
    with Appliance(tmp_path) as appliance:
        gateway = appliance.serve()
        appliance.broker.kill()
        appliance.wait(lambda: gateway.logged("broker_lost"), "the loss is noticed")
        texts = [f"Laporan {number} saat server mati." for number in range(40)]  # more than the SIM holds
        for number, text in enumerate(texts):
            appliance.modem.sms(f"+62812345{number:05}", text)
        appliance.wait(lambda: len(gateway.logged("slot_freed")) == len(texts), "every slot freed")
        assert appliance.slots() == 0
        assert not appliance.county.offers
        appliance.broker.start()
        appliance.wait(lambda: sorted(appliance.county.texts()) == sorted(texts), "every ticket", within_s=40)
        assert len(appliance.county.tickets) == len(texts)


def test_a_ticket_whose_broker_dies_before_the_county_has_it_is_offered_again(tmp_path: Path) -> None:
    with Appliance(tmp_path) as appliance:
        gateway = appliance.serve()
        appliance.county.acknowledging = False
        appliance.modem.sms(CITIZEN, "Jangan sampai hilang.")
        first = appliance.wait_for_text("Jangan sampai hilang.")
        appliance.broker.kill()
        appliance.wait(lambda: gateway.logged("broker_lost"), "the loss is noticed")
        appliance.broker.start()
        appliance.wait(lambda: len(appliance.county.offers) > 1, "offered again", within_s=40)
        again = appliance.county.offers[-1]
        assert (again["ticket_id"], again["event_id"]) == (first["ticket_id"], first["event_id"])
        assert again["attempt"] > first["attempt"]


def test_a_modem_pulled_and_put_back_is_served_again(tmp_path: Path) -> None:
    with Appliance(tmp_path) as appliance:
        gateway = appliance.serve()
        appliance.modem.unplug()
        appliance.wait(lambda: gateway.logged("line_changed", new="closed"), "the loss is noticed")
        appliance.modem.sms(CITIZEN, "Menunggu di jaringan.")
        appliance.modem.plug()
        appliance.wait_for_text("Menunggu di jaringan.")
        assert gateway.process.poll() is None


def test_a_full_sim_is_emptied_and_what_waited_in_the_network_comes_too(tmp_path: Path) -> None:
    with Appliance(tmp_path, sim_slots=5) as appliance:
        texts = [f"Laporan nomor {number}." for number in range(17)]
        for number, text in enumerate(texts):
            appliance.modem.sms(f"+62813555{number:05}", text)  # before the gateway runs
        assert appliance.slots() == 5
        appliance.start()
        appliance.wait(lambda: sorted(appliance.county.texts()) == sorted(texts), "every ticket")
        appliance.wait_for_empty_sim()


def test_a_long_sms_with_more_parts_than_the_sim_holds_arrives_whole(tmp_path: Path) -> None:
    with Appliance(tmp_path, sim_slots=3) as appliance:
        appliance.serve()
        text = "Kronologi kejadian di desa kami sebagai berikut. " * 16 + "Selesai."
        appliance.modem.sms(CITIZEN, text)
        assert appliance.wait_for_text(text)["parts"]["total"] > 3
        appliance.wait_for_empty_sim()


@pytest.mark.parametrize("fault", [FaultKind.SENT_MUTE, FaultKind.RESTART_SENT])
def test_a_reply_whose_answer_got_lost_is_uncertain_and_not_sent_again(tmp_path: Path, fault: FaultKind) -> None:
    with Appliance(tmp_path) as appliance:
        gateway = appliance.serve()
        appliance.modem.sms(CITIZEN, "Mohon kabar.")
        ticket = appliance.wait_for_text("Mohon kabar.")
        appliance.wait_for_empty_sim()
        appliance.modem.inject(Fault(fault, on="+CMGS."))
        appliance.county.reply(ticket["ticket_id"], "Sudah ditangani.", "k1")
        appliance.wait(lambda: gateway.logged("part_sending"), "it was begun")
        gateway.kill()  # whatever the engine would have waited for
        appliance.serve()
        appliance.wait_for_state("k1", "uncertain")
        appliance.county.reply(ticket["ticket_id"], "Kabar kedua.", "k2")
        appliance.wait_for_state("k2", "sent")
        assert appliance.air.count(Sms(CITIZEN, "Sudah ditangani.")) <= 1


def test_a_number_that_does_not_exist_fails_and_delays_nobody(tmp_path: Path) -> None:
    with Appliance(tmp_path) as appliance:
        appliance.serve()
        appliance.modem.sms(CITIZEN, "Mohon kabar.")
        ticket = appliance.wait_for_text("Mohon kabar.")
        appliance.modem.inject(Fault(FaultKind.CMS, on="+CMGS.", code=1))
        appliance.county.reply(ticket["ticket_id"], "Tidak sampai.", "k1")
        appliance.county.reply(ticket["ticket_id"], "Sampai.", "k2")
        failed = appliance.wait_for_state("k1", "failed")
        assert failed["final"]
        appliance.wait_for_state("k2", "sent")
        assert [sms.text for sms in appliance.air] == ["Sampai."]
