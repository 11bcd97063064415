"""The configuration files of a Swift that speaks S3 on one machine, for tests."""

import getpass
from pathlib import Path

ACCESS_KEY = "AKTEST:AKTEST"
SECRET_KEY = "SKTEST123"
REGION = "us-east-1"

CLUSTER = """\
[swift-hash]
swift_hash_path_prefix = photokeep
swift_hash_path_suffix = tests

[storage-policy:0]
name = gold
default = yes
policy_type = replication

# Presigned links and their headers are long.
[swift-constraints]
max_header_size = 16384
"""

COMMON = """\
[DEFAULT]
bind_ip = 127.0.0.1
bind_port = {port}
user = {user}
swift_dir = {etc}
workers = 0
log_level = CRITICAL
"""

KEEPER = """\
mount_check = false
devices = {base}/srv
disable_fallocate = true

[pipeline:main]
pipeline = {kind}-server

[app:{kind}-server]
use = egg:swift#{kind}
recon_cache_path = {base}/cache
"""

PROXY = f"""\

[pipeline:main]
pipeline = catch_errors gatekeeper healthcheck memory listing_formats bulk s3api tempauth copy slo dlo \
versioned_writes symlink proxy-server

[app:proxy-server]
use = egg:swift#proxy
allow_account_management = true
account_autocreate = true

[filter:memory]
paste.filter_factory = testing.s3_memory:filter_factory

[filter:tempauth]
use = egg:swift#tempauth
user_AKTEST_AKTEST = {SECRET_KEY} .admin

[filter:s3api]
use = egg:swift#s3api
location = {REGION}
max_bucket_listing = 1000
max_multi_delete_objects = 1000
min_segment_size = 5242880
cors_preflight_allow_origin = *

[filter:versioned_writes]
use = egg:swift#versioned_writes
allow_versioned_writes = true
allow_object_versioning = true
"""

PLAIN_FILTERS = "catch_errors gatekeeper healthcheck listing_formats bulk copy slo dlo symlink"


def write_configuration(base: Path, ports: dict[str, int]) -> None:
    """`ports` names every server: object, container, account and proxy."""
    etc = base / "etc"
    for folder in (etc, base / "srv" / "d1", base / "cache"):
        folder.mkdir(parents=True, exist_ok=True)
    (etc / "swift.conf").write_text(CLUSTER)
    for kind, port in ports.items():
        common = COMMON.format(port=port, user=getpass.getuser(), etc=etc)
        rest = _proxy() if kind == "proxy" else KEEPER.format(base=base, kind=kind)
        (etc / f"{kind}-server.conf").write_text(common + rest)


def _proxy() -> str:
    return PROXY + "".join(f"\n[filter:{name}]\nuse = egg:swift#{name}\n" for name in PLAIN_FILTERS.split())
