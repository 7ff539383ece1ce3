"""The broker island: topics, payloads and the MQTT link; it knows neither the modem nor the store."""
