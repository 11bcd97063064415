"""Direct and resumable uploads: announced, sent in whatever pieces, completed once.

On a disk the bytes come through us, by the tus protocol; a bucket takes them itself, by presigned links.
Until an upload is completed its bytes are visible to no user.
"""
