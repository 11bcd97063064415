"""A list of students: read, compared with the school, committed."""
