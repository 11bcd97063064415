"""Lists of students and photos by the hundred: handed in, looked at, committed as one operation.

`lifecycle` is what both kinds share; `roster` and `photos` read, and say what each row's commit does.
"""
