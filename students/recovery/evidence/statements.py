"""The evidence about unowned files as SQL, over the storage index and a backup: whomever it points at.

`{files}` is the index, `{backup}` a relation of `BackupStudents`; the other names are temporary tables. One
file and a million are asked about by the same statements, each a join.
"""

_TODAY = """(
    SELECT 1 FROM students_student AS s WHERE s.student_id = {one}.student_id
    UNION ALL SELECT 1 FROM students_student AS s WHERE s.student_number = {one}.number)"""

# `path`: whom a backup knows under the UUID or the old id in the path, `counting` where that says anything:
# not where the identity inside names another student, nor where the backup knows that student's photos and
# this is none of them; names are easily given to the wrong file, and integers come back. `old`: whom the
# identity inside meant, else the path.
_ABOUT = """
CREATE TEMPORARY TABLE {about} AS
WITH path AS (
    SELECT *, CASE WHEN coalesce(named_student, student_id) = student_id
        AND (named_student IS NOT NULL OR cardinality(sha256s) = 0 OR sha256s && these)
        THEN student_id END AS counting
    FROM (SELECT f.id AS file, f.named_student, ARRAY[f.sha256, f.bare_sha256] AS these,
            coalesce(a.student_id, b.student_id) AS student_id, coalesce(a.name, b.name) AS name,
            coalesce(a.sha256s, b.sha256s) AS sha256s
        FROM {files} AS f LEFT JOIN {backup} AS a ON a.student_id = f.folder
        LEFT JOIN {backup} AS b ON b.pk = f.old_pk) AS named)
SELECT f.id AS file, old.student_id, old.number, old.name,
    coalesce(f.named_student, f.folder, path.counting) AS whose,
    coalesce(old.name, path.name, '') AS old_name,
    old.name IS NOT NULL AND old.name NOT IN (
        SELECT name FROM {backup} AS b GROUP BY name HAVING count(*) > 1) AS is_only_one_called,
    NOT old.sha256s && ARRAY[f.sha256, f.bare_sha256] AND f.number_hash <> '' AND old.number <> ''
        AND NOT EXISTS (SELECT FROM students_number_hashes AS h
                        WHERE h.number_hash = f.number_hash AND h.number = old.number) AS was_renumbered,
    f.by_newest_key
        OR EXISTS (SELECT FROM students_student AS s WHERE s.student_id = f.named_student)
        OR EXISTS (SELECT FROM photostore_auditentry AS a
                   WHERE a.subject = 'student ' || f.named_student AND a.outcome = 'done')
        OR EXISTS (SELECT FROM students_tombstone AS t WHERE t.student_id = f.named_student AND t.sha256 = '')
        OR (%(is_own)s AND named.student_id IS NOT NULL) AS number_counts
FROM {files} AS f JOIN path ON path.file = f.id
LEFT JOIN {backup} AS named ON named.student_id = f.named_student
LEFT JOIN {backup} AS old ON old.student_id = coalesce(named.student_id, path.counting)
"""
_NUMBERED = """
CREATE TEMPORARY TABLE {numbered} AS
SELECT f.id AS file, array_agg(DISTINCT h.student ORDER BY h.student) AS students
FROM {files} AS f JOIN students_number_hashes AS h USING (number_hash)
WHERE number_hash <> '' AND h.student IS NOT NULL GROUP BY f.id
"""
# What may say whose a file is, the stronger first. The same picture may be on several: then the identity
# tells, and only the bytes with it.
_ASKED = """
CREATE TEMPORARY TABLE {asked} AS
SELECT id AS file, 1 AS place, sha256, true AS tells FROM {files}
UNION ALL SELECT id, 2, bare_sha256, named_student IS NULL FROM {files} WHERE bare_sha256 <> sha256;
ANALYZE {asked}
"""
_PHOTOS = " UNION ALL ".join(
    f"SELECT {column} AS sha256, student_id FROM students_studentphoto "  # noqa: S608 - names of our own
    f"WHERE {column} IN (SELECT sha256 FROM {{asked}})"
    for column in ("sha256", "untagged_sha256", "source_sha256")
)
_RECORDED = f"""
CREATE TEMPORARY TABLE {{recorded}} AS
SELECT sha256, array_agg(DISTINCT student_id ORDER BY student_id) AS students
FROM ({_PHOTOS}) AS photo GROUP BY sha256
"""  # noqa: S608 - names of our own
_BACKED_UP = """
CREATE TEMPORARY TABLE {backed_up} AS
SELECT sha256, count(DISTINCT student_id) AS holders, min(student_id::text)::uuid AS student_id,
    min(number) AS number
FROM (SELECT student_id, number, unnest(sha256s) AS sha256 FROM {backup} AS b) AS photo
WHERE sha256 IN (SELECT sha256 FROM {asked}) GROUP BY sha256
"""
# By whose it says it is; else by the picture, unless it is recorded for another student as well. One who is
# not here is perhaps the erased, as they were called before a reseed. A twin's is not: another student than
# the erased has the picture in the backup. But who alone had it there, before the erasure, and is not here,
# is the erased under the id that they had then.
_ERASED = f"""
CREATE TEMPORARY TABLE {{erased}} AS
WITH stones AS (SELECT file, student_id, erased_at FROM {{asked}} JOIN students_tombstone USING (sha256)),
holders AS (
    SELECT DISTINCT a.file, b.student_id, b.number FROM {{asked}} AS a
    JOIN (SELECT student_id, number, unnest(sha256s) AS sha256 FROM {{backup}} AS b) AS b USING (sha256)
    WHERE a.file IN (SELECT file FROM stones))
SELECT about.file FROM {{about}} AS about
WHERE EXISTS (SELECT FROM students_tombstone AS t WHERE t.student_id = about.whose AND t.sha256 = '')
OR about.file IN (SELECT file FROM stones) AND (
    EXISTS (SELECT FROM stones AS s WHERE s.file = about.file AND s.student_id = about.whose)
    OR NOT (about.whose IS NOT NULL AND (
        EXISTS (SELECT FROM students_student AS s WHERE s.student_id = about.whose)
        OR about.number_counts AND about.file IN (SELECT file FROM {{numbered}})
        OR EXISTS {_TODAY.format(one="about")}))
    AND NOT EXISTS (SELECT FROM {{asked}} JOIN {{recorded}} USING (sha256) WHERE file = about.file)
    AND NOT EXISTS (
        SELECT FROM holders AS other WHERE other.file = about.file
        AND NOT EXISTS (SELECT FROM stones AS s WHERE s.file = other.file AND s.student_id = other.student_id)
        AND ((SELECT count(*) FROM holders AS h WHERE h.file = other.file) > 1
            OR EXISTS {_TODAY.format(one="other")}
            OR %(created_at)s::timestamptz >= (
                SELECT max(erased_at) FROM stones AS s WHERE s.file = other.file))))
"""  # noqa: S608 - names of our own

_PIECES = """
CREATE TEMPORARY TABLE {pieces}
    (file bigint, place integer, kind text, strong boolean, why text, students bigint[])
"""
_IDENTITY = """
INSERT INTO {pieces} SELECT f.id, 1, 'identity', true, 'the identity inside names', ARRAY[s.id]
FROM {files} AS f JOIN students_student AS s ON s.student_id = f.named_student
"""
_NUMBER_HASH = """
INSERT INTO {pieces}
SELECT file, 2, 'number_hash', true, 'the identity inside has the student number of', students
FROM {numbered} JOIN {about} USING (file) WHERE number_counts
"""
_BACKUP = """
INSERT INTO {pieces}
SELECT file, 3, 'backup', true, 'the backup''s old id leads to', array_agg(DISTINCT id ORDER BY id) FROM (
    SELECT about.file, s.id FROM {about} AS about JOIN students_student AS s USING (student_id)
    UNION SELECT about.file, s.id FROM {about} AS about
    JOIN students_student AS s ON s.student_number = about.number WHERE NOT about.was_renumbered) AS today
GROUP BY file
"""
_BY_THE_DATABASE = """
INSERT INTO {pieces} SELECT DISTINCT ON (file)
    file, 4, 'recorded_sha256', true, 'the database records this photo for', students
FROM {asked} JOIN {recorded} USING (sha256) WHERE tells ORDER BY file, place
"""
# Of several in the backup only one may be here; the photo may be any of theirs.
_BY_THE_BACKUP = """
INSERT INTO {pieces}
SELECT file, 5, 'recorded_sha256', true, 'the backup records this photo for',
    array_agg(DISTINCT s.id ORDER BY s.id)
FROM (SELECT DISTINCT ON (file) file, holders, student_id, number FROM {asked} JOIN {backed_up} USING (sha256)
      WHERE tells ORDER BY file, place) AS photo
JOIN LATERAL (SELECT id FROM students_student AS s WHERE s.student_id = photo.student_id
              UNION SELECT id FROM students_student AS s WHERE s.student_number = photo.number) AS s ON true
WHERE holders = 1 GROUP BY file
"""
# Numbers are mistyped, or given anew: not where the only one of that name is another student.
_NAME_OF_ANOTHER = """
INSERT INTO {pieces}
SELECT about.file, 6, 'name_of_another', true, 'but the only one called as they were is', ARRAY[min(s.id)]
FROM {about} AS about JOIN students_student AS s USING (name)
WHERE about.is_only_one_called
AND NOT EXISTS (SELECT FROM {pieces} AS g WHERE g.file = about.file AND g.kind = 'identity')
GROUP BY about.file HAVING count(*) = 1
AND EXISTS (SELECT FROM {pieces} AS g WHERE g.file = about.file AND min(s.id) <> ALL (g.students))
"""
_WEAK = """
CREATE TEMPORARY TABLE {weak} AS
SELECT f.*, about.number, about.name, coalesce(about.is_only_one_called, false) AS is_only_one_called,
    about.number_counts, f.number_hash <> '' OR coalesce(about.number, '') <> '' AS had_number
FROM {files} AS f JOIN {about} AS about ON about.file = f.id
WHERE NOT EXISTS (SELECT FROM {pieces} AS g WHERE g.file = f.id)
"""
# What `students.matching` makes of the file names. Of two different numbers one is a namesake's.
_MATCHED = """
INSERT INTO {pieces}
SELECT m.file, m.place, m.kind, false, m.why, m.students
FROM {matched} AS m JOIN {weak} AS f ON f.id = m.file
WHERE NOT (m.by_name AND (f.is_only_one_called OR f.had_number AND EXISTS (
    SELECT FROM students_student AS s
    WHERE s.id = ANY (m.students) AND coalesce(s.student_number, '') <> '')))
"""
_NUMBER_OF_OLDER_KEY = """
INSERT INTO {pieces}
SELECT f.id, 8, 'number_hash_of_older_key', false,
    'the identity inside, made with a key that may be another school''s, has the number of', students
FROM {weak} AS f JOIN {numbered} AS n ON n.file = f.id WHERE NOT f.number_counts
"""
# With an identity inside, the integer is that of a former student.
_ID_IN_NAME = """
INSERT INTO {pieces} SELECT f.id, 9, 'id_in_file_name', false, 'the file is named by the id of', ARRAY[s.id]
FROM {weak} AS f JOIN students_student AS s ON s.id = f.file_id WHERE f.named_student IS NULL
"""
# By a name of the backup that is unique on both sides, with the same rule about numbers.
_NAME = """
INSERT INTO {pieces} SELECT f.id, 10, 'name', false, 'the only one of this name is', ARRAY[min(s.id)]
FROM {weak} AS f JOIN students_student AS s USING (name) WHERE f.is_only_one_called
GROUP BY f.id HAVING count(*) = 1 AND NOT bool_or(f.had_number AND coalesce(s.student_number, '') <> '')
"""

_FORGET_ERASED = "DELETE FROM {pieces} WHERE file IN (SELECT file FROM {erased})"
# Strong pieces that agree are certain, that disagree block; weak ones that agree propose. A piece that points
# at several students proves nothing; a strong one blocks all who are not among them.
_JUDGE = """
CREATE TEMPORARY TABLE {evidence} AS
WITH single AS (
    SELECT *, min(students[1]) FILTER (WHERE cardinality(students) = 1) OVER (PARTITION BY file) AS one
    FROM {pieces}
), judged AS (
    SELECT file, bool_or(strong) AS strong, min(one) AS one, bool_and(one = ANY (students)) AS agree,
        count(DISTINCT students[1]) FILTER (WHERE cardinality(students) = 1) AS singles,
        bool_or(kind IN ('identity', 'number_hash', 'backup')) AS vouches,
        bool_or(kind = 'identity') AS identified,
        min(students[1]) FILTER (WHERE kind = 'number_hash' AND cardinality(students) = 1) AS by_number,
        jsonb_agg(jsonb_build_object('kind', kind, 'why', why, 'students', students) ORDER BY place)
            AS evidence
    FROM single GROUP BY file
)
SELECT f.*, CASE WHEN singles = 1 AND agree THEN CASE WHEN strong THEN 'certain' ELSE 'proposed' END
        WHEN strong THEN 'blocked' WHEN judged.file IS NOT NULL THEN 'ambiguous' ELSE 'unknown' END AS state,
    CASE WHEN singles = 1 AND agree THEN one END AS student,
    coalesce(judged.evidence, '[]') AS evidence, erased.file IS NOT NULL AS erased,
    CASE WHEN erased.file IS NOT NULL THEN ARRAY['erased on request; stays away']
        ELSE array_remove(ARRAY[note], '') END AS notes,
    CASE WHEN erased.file IS NULL THEN about.old_name ELSE '' END AS old_name,
    coalesce(vouches, false) AS vouches, coalesce(identified, false) AS identified, by_number,
    named_student IS NOT NULL AND role IN ('documented', 'safe') AS is_copy, false AS former
FROM {files} AS f JOIN {about} AS about ON about.file = f.id
LEFT JOIN judged ON judged.file = f.id LEFT JOIN {erased} AS erased ON erased.file = f.id
"""
# As they are now: the plan is frozen, and tells them after a change as before it.
_REFS = """
CREATE TEMPORARY TABLE {refs} AS
SELECT id, student_id::text, name, coalesce(student_number, '') <> '' AS has_number FROM students_student
WHERE id IN (SELECT unnest(students) FROM {pieces});
CREATE INDEX ON {refs} (id); ANALYZE {refs}
"""

LOOK_UP = (_ABOUT, _NUMBERED, _ASKED, _RECORDED, _BACKED_UP, _ERASED, _PIECES)
STRONG = (_IDENTITY, _NUMBER_HASH, _BACKUP, _BY_THE_DATABASE, _BY_THE_BACKUP)
# Indexes and figures of what the strong ones made, before each is looked up by file.
BETWEEN = ("CREATE INDEX ON {pieces} (file); ANALYZE {pieces}; ANALYZE {about}", _NAME_OF_ANOTHER, _WEAK)
WEAK = (_MATCHED, _NUMBER_OF_OLDER_KEY, _ID_IN_NAME, _NAME)
JUDGE = (_FORGET_ERASED, _JUDGE, _REFS)
TABLES = (
    *("about", "numbered", "asked", "recorded", "backed_up", "erased", "pieces", "weak", "matched"),
    *("evidence", "refs"),
)
