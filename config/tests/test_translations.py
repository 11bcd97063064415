"""French is complete, and what is compiled is what was translated."""

import gettext
import re
from pathlib import Path

import pytest
from django.conf import settings

CATALOGUES = sorted(Path(settings.BASE_DIR).glob("**/locale/fr/LC_MESSAGES/django.po"))
CATALOGUES = [path for path in CATALOGUES if ".venv" not in path.parts]


@pytest.mark.parametrize("catalogue", CATALOGUES, ids=lambda path: path.parts[-5])
def test_every_sentence_is_translated_and_compiled(catalogue: Path) -> None:
    text = catalogue.read_text()
    assert "fuzzy" not in text
    pairs = re.findall(r'^msgid "(.+)"\nmsgstr "(.*)"$', text, re.MULTILINE)
    assert pairs
    with catalogue.with_suffix(".mo").open("rb") as compiled:
        french = gettext.GNUTranslations(compiled)
    for sentence, translated in pairs:
        said = translated.replace('\\"', '"')
        assert said, sentence
        assert french.gettext(sentence.replace('\\"', '"')) == said
