"""Images of a user: profile, gallery, cover; one of them may be the primary one."""
