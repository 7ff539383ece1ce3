"""A port whose other end is a virtual modem: waiting lets the simulated time pass, nothing waits in earnest."""

from kentongan.at.simulator import INSTANT, VirtualModem, by_name, parse_fault

STEP_S = 0.0005


class SimPort:
    """Read and write like `SerialPort`; `monotonic` is the simulated clock."""

    def __init__(self, persona, *faults, timing=INSTANT):
        self.vm = VirtualModem(by_name(persona), timing=timing)
        self.now = 1000.0
        self.written = b""
        for fault in faults:
            self.vm.inject(parse_fault(fault))

    def monotonic(self):
        """Return the simulated moment."""
        return self.now

    def write(self, data):
        """Hand bytes to the modem."""
        self.written += data
        self.vm.receive(data, self.now)

    def read(self, timeout_s):
        """Return what the modem says within the time."""
        end = self.now + max(STEP_S, timeout_s)
        while not (data := self.vm.bytes_to_send()):
            due = self.vm.next_deadline()
            if due is None or due > end:
                self.now = end
                self.vm.tick(end)
                return self.vm.bytes_to_send()
            self.now = max(self.now + STEP_S, due)
            self.vm.tick(self.now)
        return data
