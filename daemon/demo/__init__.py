"""The demonstration: the real program on a virtual modem, a real broker and the reference backend, on one screen.

Nothing here is known to the gateway; the demo only starts processes, touches the virtual modem and the broker from
outside, and tells what it observes there.
"""
