"""Who a photo is of, by what is written on it or beside it: its file name, or the cells of an index.

Everything that asks this asks here: commands, unowned files in the admin, imports. Names are claims; what the
bytes say is stronger and is asked elsewhere.
"""

from students.matching.candidates import Candidate, Clues, Match, State
from students.matching.file_names import FileName, is_junk, parse
from students.matching.matcher import Matcher
from students.matching.reasons import SENTENCES, Note, Reason, sentence
from students.matching.roster import Roster

__all__ = [
    "SENTENCES",
    "Candidate",
    "Clues",
    "FileName",
    "Match",
    "Matcher",
    "Note",
    "Reason",
    "Roster",
    "State",
    "is_junk",
    "parse",
    "sentence",
]
