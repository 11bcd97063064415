"""Whose photo is it? Unowned files and students go in, one frozen plan of findings comes out.

The order of evidence and what may be applied are the design's (migrate_orphaned_photos): strong pieces
that agree are certain, strong ones that disagree block, names and numbers in file names only propose.

`findings` has the words for it, `statements` the evidence as SQL over the storage index, `by_person` what
files say together, `plan` runs them and keeps what came out, `backups` and `hashes` are what they ask.
"""
