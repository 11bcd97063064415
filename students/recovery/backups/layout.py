"""How a backup is laid out: JSON that any tool reads, with one student to a line, so that ours need not
hold it whole. The last line is the manifest; its sha256 is over all bytes before that line.
"""

from __future__ import annotations

import hashlib
import hmac

from students.identity import keys

HEAD = b'{"format": "photokeep seed backup", "version": 1, "created_at": '
STUDENTS = b', "students": [\n'
ERASED = b'], "erased": [\n'
MANIFEST = b'], "manifest": '
END = b"}\n"

# A photo takes 700 bytes: this is twelve million of them, ten years of a thousand students twice a day and
# more. It is read a line at a time, so it costs no memory; what is beyond it is refused unread.
MAX_BACKUP_BYTES = 8 * 1_073_741_824
# A million students at 500 bytes, which are told in half a minute.
MAX_OLD_BACKUP_BYTES = 512 * 1_048_576
# One student: a thousand versions at 700 bytes.
MAX_LINE_BYTES = 8 * 1_048_576
# Three counts, a sha256 and a seal take 260 bytes.
MAX_MANIFEST_BYTES = 4_096


def seals(sha256: str) -> list[str]:
    """What this deployment's keys, newest first, make of a content: only it can write such a seal."""
    message = b"backup:" + sha256.encode()
    return [hmac.digest(key, message, hashlib.sha256).hex() for key in keys()]
