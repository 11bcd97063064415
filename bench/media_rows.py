"""The media files that the benches ask for: thousands of rows of one person, and a video that is there."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

from django.db import connection

from bench.school import newcomer
from media_uploads.files.use_cases import keep_file
from media_uploads.models import Persona
from photostore.audit import Actor

_FILL = """
INSERT INTO media_files (persona_id, user_id, file, original_filename, sha256, file_size, mime_type,
    media_type, width, height, description, created_at, updated_at)
SELECT %(persona)s, %(user)s, 'uploads/images/1/1/' || gen_random_uuid() || '.jpg', i || '.jpg',
    md5(i::text) || md5('x'), 100, 'image/jpeg', 'image', 4000, 3000, '', now(), now()
FROM generate_series(1, %(count)s) AS i
"""


def found(count: int, video: str) -> dict[str, Any]:
    """Fills an empty database; Dana's token, her persona, and the file made of `video`."""
    dana, token = newcomer("dana")
    persona = Persona.objects.create(user=dana, name="Stage")
    file = keep_file(
        user=dana,
        persona_id=persona.pk,
        file=io.BytesIO(Path(video).read_bytes()),
        filename="clip.mp4",
        description="",
        actor=Actor("", "", "bench"),
    )
    with connection.cursor() as cursor:
        cursor.execute(_FILL, {"persona": persona.pk, "user": dana.pk, "count": count})
        cursor.execute("VACUUM ANALYZE media_files")
    return {"token": token, "persona": persona.pk, "file": file.pk, "newest": file.pk + count}
