"""Whose photo is it? Stray files and students go in, one frozen plan of findings comes out.

The order of evidence and what may be applied are the design's (migrate_orphaned_photos): strong signals
that agree are certain, strong ones that disagree block, names and numbers in file names only propose.

`names` reads keys, `signals` judges (both pure), `lookup` asks the database about a batch, `gather` puts
evidence together, `plan` keeps what came out, whatever the size of the school, and `together` looks at all of
it at once.
"""
