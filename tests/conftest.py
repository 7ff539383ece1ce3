"""What holds for every test: no property fails because the machine is busy."""

from hypothesis import HealthCheck, settings

settings.register_profile(
    "patient",
    parent=settings(),
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
settings.load_profile("patient")
