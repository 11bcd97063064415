import os
import resource
import time

import pytest

from photostore.audit import ANONYMOUS
from students.imports import lifecycle
from students.imports.photos import committing, reading, receive
from students.models import StudentPhoto
from students.tests.photo_zips import pupil

N = int(os.environ.get("N", "100"))


@pytest.mark.django_db(transaction=True)
@pytest.mark.timeout(1500)
def test_measure(tmp_path):
    path = tmp_path / "a.zip"
    code = """
import io, sys, zipfile, numpy as np
from PIL import Image
rng = np.random.default_rng(1)
noise = rng.integers(0, 24, (4000, 3000, 3), dtype=np.uint8)
y, x = np.mgrid[0:4000, 0:3000]
with zipfile.ZipFile(sys.argv[1], 'w') as z:
    for n in range(int(sys.argv[2])):
        base = (np.stack([x // 20 + n, y // 25, (x + y) // 40 + 2 * n], 2) % 200).astype(np.uint8)
        b = io.BytesIO(); Image.fromarray(base + np.roll(noise, n * 37, axis=0)).save(b, 'JPEG', quality=90)
        z.writestr(f'{1000+n}.jpg', b.getvalue())
"""
    import subprocess
    import sys
    subprocess.run([sys.executable, "-c", code, str(path), str(N)], check=True)
    sizes = [path.stat().st_size]
    for n in range(N):
        pupil(f"F{n}", f"L{n}", str(1000 + n))
    batch = receive.begin([receive.HandedIn("a.zip", path.open("rb"))], actor=ANONYMOUS)
    before = resource.getrusage(resource.RUSAGE_SELF)
    children = resource.getrusage(resource.RUSAGE_CHILDREN)

    def rss():
        return int(open("/proc/self/statm").read().split()[1]) * 4096 / 2**20

    peak = [rss()]
    base_rss = peak[0]
    t = time.monotonic()
    reading.read(batch, lambda: peak.append(rss()))
    wall = time.monotonic() - t
    after = resource.getrusage(resource.RUSAGE_SELF)
    ch = resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    chc = ch.ru_utime + ch.ru_stime - children.ru_utime - children.ru_stime
    batch.refresh_from_db()
    print(
        "MEASURE",
        dict(
            n=N,
            mb=sum(sizes) / N / 2**20,
            wall=wall,
            per=wall / N,
            cpu=cpu,
            cpu_per=cpu / N,
            child=chc,
            base_rss=base_rss,
            peak_rss=max(peak),
        ),
        lifecycle.counts(batch),
        os.getloadavg(),
    )
    lifecycle.begin_commit(batch, ANONYMOUS)
    t = time.monotonic()
    c0 = time.process_time()
    committing.commit(batch)
    print("MEASURE commit", (time.monotonic() - t) / N, (time.process_time() - c0) / N)
    assert StudentPhoto.objects.count() == N
