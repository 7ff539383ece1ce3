"""The names that the examples share. Nobody here is a real person: numbers and ids are made up."""

from kentongan.mqtt.payloads import Bilingual

COUNTY, GATEWAY = "3404", "kec-depok-01"
BOOT = "0199c7d1-0000-7abc-8def-000000000001"
CONNECTION = "0199c7d2-7a10-7c55-9d34-6f1f0a2b3c4d"
TICKET = "0199c7d2-9e6b-7f21-8a4c-2b7d5e9f0a11"
REPLY = "0199c7d4-5555-7666-8777-888899990000"
SENDER = "s_q1X7c0b3kTn2"
CANNOT_RUN = Bilingual(id="SMS Gateway tidak dapat berjalan", en="The SMS gateway cannot run")
