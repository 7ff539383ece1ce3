"""The modem island: AT dialogue, PDU codec and simulator; it knows neither the store nor the broker."""
