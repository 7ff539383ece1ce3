from appliance import Appliance

LIVES = 3


def locked(appliance, pin):
    """Lock the SIM as a power cut does."""

    def lock(modem):
        modem.device.tray.card.pin = pin
        modem.device.tray.card.reset()

    appliance.modem.call(lock)


def left(appliance):
    return appliance.modem.call(lambda modem: modem.device.tray.card.pin_left)


def test_a_wrong_pin_is_entered_once_by_a_process_that_is_killed_again_and_again(tmp_path):
    (tmp_path / "pin").write_text("1234\n")
    with Appliance(tmp_path, changes={"[line]": {"pin_file": "pin"}}) as appliance:
        locked(appliance, "9876")
        for _ in range(LIVES):
            gateway = appliance.start()
            appliance.wait(lambda: gateway.logged("line_changed", new="sim_locked"), "the SIM is locked")  # noqa: B023
            gateway.kill()
            assert left(appliance) == 2
    assert "1234" not in (tmp_path / "pin.ledger").read_text()


def test_the_right_pin_serves_in_every_life_of_the_process(tmp_path):
    (tmp_path / "pin").write_text("9876\n")
    with Appliance(tmp_path, changes={"[line]": {"pin_file": "pin"}}) as appliance:
        for _ in range(2):
            locked(appliance, "9876")
            appliance.serve().kill()
    assert "proven" in (tmp_path / "pin.ledger").read_text()
