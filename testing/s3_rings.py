"""The rings of a Swift of one disk: which server on which port keeps objects, containers, accounts.

A process of its own, because importing Swift's code changes the process that does it.
"""

import sys

from swift.common.ring import RingBuilder


def main(folder: str, ports: list[str]) -> None:
    for kind, port in zip(("object", "container", "account"), ports, strict=True):
        ring = RingBuilder(4, 1, 1)
        place = {"id": 0, "region": 1, "zone": 1, "device": "d1", "weight": 1}
        ring.add_dev({**place, "ip": "127.0.0.1", "port": int(port)})
        ring.rebalance()
        ring.get_ring().save(f"{folder}/{kind}.ring.gz")


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2:])
