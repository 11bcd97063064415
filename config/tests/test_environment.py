"""Values from the environment: what is taken, and the sentence that stops the start."""

from __future__ import annotations

import pytest

from config.environment import mode, time_zone


@pytest.mark.parametrize(
    ("said", "found"), [("", 0o700), ("0750", 0o750), ("2750", 0o2750), ("0o770", 0o770)]
)
def test_a_mode_is_octal(monkeypatch: pytest.MonkeyPatch, said: str, found: int) -> None:
    monkeypatch.setenv("MEDIA_FOLDER_MODE", said)
    assert mode("MEDIA_FOLDER_MODE", "0700", owner=0o700) == found


@pytest.mark.parametrize("said", ["rwx", "0888", "750x", "-1", "0050", "0777", "0500", "7"])
def test_a_mode_that_shuts_the_service_out_or_lets_everybody_write_stops_the_start(
    monkeypatch: pytest.MonkeyPatch, said: str
) -> None:
    monkeypatch.setenv("MEDIA_FOLDER_MODE", said)
    with pytest.raises(SystemExit, match=f"MEDIA_FOLDER_MODE='{said}' must be permissions in octal"):
        mode("MEDIA_FOLDER_MODE", "0700", owner=0o700)


def test_a_time_zone_is_one(monkeypatch: pytest.MonkeyPatch) -> None:
    assert time_zone("TIME_ZONE", "UTC") == "UTC"
    monkeypatch.setenv("TIME_ZONE", "Europe/Paris")
    assert time_zone("TIME_ZONE", "UTC") == "Europe/Paris"
    monkeypatch.setenv("TIME_ZONE", "Paris")
    with pytest.raises(SystemExit, match="TIME_ZONE='Paris' is no time zone"):
        time_zone("TIME_ZONE", "UTC")
