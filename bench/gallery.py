"""Measured in a process with Django in it: Dana's images, pages of them, and a hundred of them as JSON."""

from __future__ import annotations

from base64 import b64encode
from functools import partial
from pathlib import Path
from urllib.parse import urlencode

from django.db import connection
from django.test import Client

from bench.documented.our_rows import UserImageSerializer
from bench.pages import Figures, in_turn, json_figures, page_of
from bench.school import newcomer
from bench.sizes import size
from media_uploads.images.representation import COLUMNS, represent
from media_uploads.images.use_cases import upload_image
from media_uploads.models import UserImage
from photostore.audit import Actor
from photostore.storage import storage_for
from testing.phone import phone_jpeg

PAGE = 100
ROUNDS = size(25, 2)
_FILL = """
INSERT INTO media_uploads_userimage (id, user_id, image, storage_alias, image_type, is_primary, caption,
    original_filename, sha256, file_size, mime_type, width, height, uploaded_at)
SELECT gen_random_uuid(), %(user_id)s, 'users/dana/images/gallery_' || i || '.jpg', 'default', 'gallery',
    false, 'Image ' || i, 'IMG_' || i || '.jpg', repeat(md5(i::text), 2), 250000, 'image/jpeg', 1920, 1440,
    now() - i * interval '1 minute'
FROM generate_series(1, %(count)s) AS i
"""


def found(count: int, picture: str) -> dict[str, str]:
    """In an empty database Dana has `count` images without bytes, and one with: `picture` gets them.

    Gives her token and the address of that one.
    """
    dana, token = newcomer("dana")
    image = upload_image(
        user=dana, data=phone_jpeg(1, 1.8), filename="photo.jpg", actor=Actor("", "", "bench")
    )
    Path(picture).write_bytes(storage_for().read(image.key, max_bytes=10_000_000))
    with connection.cursor() as cursor:
        cursor.execute(_FILL, {"user_id": dana.pk, "count": count})
        cursor.execute("VACUUM ANALYZE media_uploads_userimage")
    return {"token": token, "serve": f"/api/user_image/{image.pk}/serve/"}


def pages(token: str, deep: int) -> Figures:
    """CPU seconds with PostgreSQL's: of the first page of a hundred, and of the one from row `deep` on."""
    client = Client(headers={"authorization": f"Bearer {token}"})
    place = UserImage.objects.order_by("-uploaded_at", "-id")[deep - 1].uploaded_at
    cursor = b64encode(urlencode({"p": str(place)}).encode()).decode()
    ask = partial(page_of, client, "/api/user_images/dana/", under="images", page_size=PAGE)
    return dict(zip(("first", "deep"), in_turn(ROUNDS, ask(), ask(cursor=cursor)), strict=True))


def hundred_rows() -> Figures:
    newest = UserImage.objects.filter(user__username="dana").order_by("-uploaded_at")[:PAGE]
    return json_figures(list(newest.values(*COLUMNS)), represent, list(newest), UserImageSerializer)
