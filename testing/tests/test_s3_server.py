"""The S3 server of the tests is real: it refuses what S3 refuses and keeps what it was given."""

import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import boto3
import pytest
import requests
from botocore.config import Config
from botocore.exceptions import ClientError, ReadTimeoutError

from testing.s3_server import HOME, S3Server, running

BUCKET = "school"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[S3Server]:
    with running(tmp_path_factory.mktemp("s3")) as server:
        server.client().create_bucket(Bucket=BUCKET)
        yield server


def test_a_wrong_signature_is_refused(server: S3Server) -> None:
    stranger = boto3.client(
        "s3",
        endpoint_url=server.endpoint_url,
        aws_access_key_id=server.access_key,
        aws_secret_access_key="guessed",
        region_name=server.region,
    )
    with pytest.raises(ClientError) as refusal:
        stranger.put_object(Bucket=BUCKET, Key="face.jpg", Body=b"face")
    assert refusal.value.response["Error"]["Code"] == "SignatureDoesNotMatch"


def test_nobody_reads_without_a_signature(server: S3Server) -> None:
    server.client().put_object(Bucket=BUCKET, Key="private.jpg", Body=b"face")
    link = server.client().generate_presigned_url("get_object", {"Bucket": BUCKET, "Key": "private.jpg"})
    assert requests.get(link, timeout=10).content == b"face"
    altered = link[:-1] + ("0" if link[-1] != "0" else "1")
    assert requests.get(altered, timeout=10).status_code == 403
    # Without any signature Swift takes it for a call of its own protocol, and a wrong one.
    assert requests.get(link.partition("?")[0], timeout=10).status_code == 400


def test_a_restart_keeps_the_data(server: S3Server) -> None:
    client = server.client()
    client.put_object(Bucket=BUCKET, Key="kept.jpg", Body=b"face")
    before = server.pids
    server.stop()
    server.start()
    assert client.get_object(Bucket=BUCKET, Key="kept.jpg")["Body"].read() == b"face"
    assert not set(before) & set(server.pids)


def test_a_paused_server_answers_when_it_is_resumed(server: S3Server) -> None:
    impatient = boto3.client(
        "s3",
        endpoint_url=server.endpoint_url,
        aws_access_key_id=server.access_key,
        aws_secret_access_key=server.secret_key,
        region_name=server.region,
        config=Config(read_timeout=0.5, connect_timeout=0.5, retries={"total_max_attempts": 1}),
    )
    server.pause()
    try:
        with pytest.raises(ReadTimeoutError):
            impatient.list_objects_v2(Bucket=BUCKET)
    finally:
        server.resume()
    assert server.client().list_objects_v2(Bucket=BUCKET)["ResponseMetadata"]["HTTPStatusCode"] == 200


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux ends children with their parent")
def test_the_server_dies_with_killed_tests(tmp_path: Path) -> None:
    program = (
        "import sys, time; from pathlib import Path; from testing.s3_server import running\n"
        "with running(Path(sys.argv[1])) as server: print(*server.pids, flush=True); time.sleep(60)"
    )
    with subprocess.Popen(
        [sys.executable, "-c", program, tmp_path], cwd=HOME, stdout=subprocess.PIPE
    ) as tests:
        assert tests.stdout is not None
        pids = [int(word) for word in tests.stdout.readline().split()]
        tests.send_signal(signal.SIGKILL)
    assert len(pids) == 4
    deadline = time.monotonic() + 10
    while any(is_running(pid) for pid in pids):
        assert time.monotonic() < deadline, "a server outlived the tests"
        time.sleep(0.05)


def is_running(pid: int) -> bool:
    """A process that only waits to be reaped does not count: its new parent may never come to it."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False
