"""Photos that another system put under the documented names become photos of ours.

The bytes are taken in as an upload's are: hashed, cleaned, tagged, kept as a version. A documented name
stays what it was, whatever its ending, and is a copy from then on; the bytes that lay there are set aside
in quarantine.
"""

from students.recovery.legacy.photos import (
    Adoption,
    adopt,
    adopt_keys,
    adoption_of,
    photo_adoptions,
    unknown_photos,
)
from students.recovery.legacy.rest import rest_adoptions

__all__ = [
    "Adoption",
    "adopt",
    "adopt_keys",
    "adoption_of",
    "photo_adoptions",
    "rest_adoptions",
    "unknown_photos",
]
