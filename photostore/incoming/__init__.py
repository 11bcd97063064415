"""Bytes on their way in that need more than one request, or none of ours.

On a disk they gather in a spool, a file that grows (`spool`); into a bucket the client sends them itself, by
presigned links (`bucket`). Both lie under `keys.incoming`, are never served, belong to no row of the register
and become files of ours only when the app has checked them.
"""
