"""What Swift remembers of accounts and buckets between requests, in the memory of its one proxy.

Elsewhere a memcached holds it, and no Swift runs without: every request would ask the keepers of both first.
"""

import json
import time
from collections.abc import Callable
from typing import Any

WsgiApp = Callable[[dict[str, Any], Callable[..., Any]], Any]


class Memory:
    """As much of memcached as the proxy uses. Kept as text, so that no caller holds what another changes."""

    def __init__(self) -> None:
        self._kept: dict[str, tuple[str, float]] = {}

    def get(self, key: str, **_: Any) -> Any:
        text, until = self._kept.get(key, ("null", 0.0))
        return json.loads(text) if time.monotonic() < until else None

    def set(self, key: str, value: Any, time: float = 0, **_: Any) -> None:
        self._kept[key] = json.dumps(value), monotonic_after(time)

    def delete(self, key: str, **_: Any) -> None:
        self._kept.pop(key, None)


def monotonic_after(seconds: float) -> float:
    return time.monotonic() + seconds


def filter_factory(_settings: dict[str, str], **_: str) -> Callable[[WsgiApp], WsgiApp]:
    """Named in the proxy's configuration."""
    memory = Memory()

    def remembering(app: WsgiApp) -> WsgiApp:
        def answer(environ: dict[str, Any], start_response: Callable[..., Any]) -> Any:
            environ["swift.cache"] = memory
            return app(environ, start_response)

        return answer

    return remembering
