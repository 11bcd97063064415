"""What files say together, over the table of `plan`: one alone may be certain and all of them not.

In order: numbers that went from one child to another, then what follows from the rest of a folder or of a
person, then names.
"""

# Numbers are given up, and given to others. Where the photos of one person lead to different students by
# their numbers, only the number in the documented copies, today's photo of then, says who they are.
_FORMER_NUMBERS = """
WITH several AS (
    SELECT named FROM students_findings WHERE named <> ''
    GROUP BY named HAVING count(DISTINCT coalesce(by_number, 0)) > 1
), last AS (
    SELECT named, min(by_number) AS student FROM students_findings WHERE is_copy
    GROUP BY named HAVING count(DISTINCT coalesce(by_number, 0)) = 1
)
UPDATE students_findings AS photo SET former = true,
    state = CASE WHEN NOT identified AND photo.student = by_number THEN 'blocked' ELSE state END,
    finding = CASE WHEN NOT identified AND photo.student = by_number THEN finding || jsonb_build_object(
        'state', 'blocked', 'student', null, 'notes', finding->'notes' ||
        '["they had another number later, and this one may be another''s by now"]') ELSE finding END
FROM several LEFT JOIN last USING (named)
WHERE photo.named = several.named AND (last.student IS NULL OR photo.by_number IS DISTINCT FROM last.student)
"""
# Two who had one number are two children, or one who was entered anew twice: a person has to look.
_ONE_NUMBER_OF_TWO = """
UPDATE students_findings SET state = 'blocked', finding = finding || jsonb_build_object(
    'state', 'blocked', 'student', null, 'notes', finding->'notes' ||
    '["photos of more than one former student have this number"]')
WHERE state = 'certain' AND NOT identified AND by_number IN (
    SELECT by_number FROM students_findings WHERE state = 'certain' AND by_number IS NOT NULL
    GROUP BY by_number HAVING count(DISTINCT named) > 1)
"""
# Who was deleted and whose number somebody with photos of their own has now: that is perhaps another child.
_OF_THE_DELETED = """
CREATE INDEX ON students_findings (by_number);
UPDATE students_findings AS photo SET state = 'blocked', finding = finding || jsonb_build_object(
    'state', 'blocked', 'student', null, 'notes', finding->'notes' ||
    '["they were deleted, and whoever has the number now has other photos: perhaps another child"]')
WHERE state = 'certain' AND NOT identified AND by_number IS NOT NULL
  AND finding->'stray'->'deleted' = 'true' AND EXISTS (
    SELECT FROM (SELECT student_id, untagged_sha256 FROM students_studentphoto
                 UNION ALL SELECT student_id, untagged_sha256 FROM students_attendancephoto) AS own
    WHERE own.student_id = photo.student AND own.untagged_sha256 NOT IN
        (SELECT bare_sha256 FROM students_findings AS other WHERE other.by_number = photo.by_number))
"""
_FOLLOW_THE_LAST_NUMBER = """
UPDATE students_findings AS photo SET state = 'certain', student = last.student, finding = photo.finding ||
    jsonb_build_object('state', 'certain', 'student', last.ref, 'notes', '[]'::jsonb, 'signals',
        jsonb_build_array(jsonb_build_object(
            'kind', 'folder', 'why', 'the last photo of the same former student belongs to',
            'students', jsonb_build_array(last.ref))))
FROM (SELECT named, min(student) AS student, (array_agg(finding->'student'))[1] AS ref
      FROM students_findings WHERE named <> '' AND NOT former GROUP BY named
      HAVING count(DISTINCT student) = 1 AND bool_and(state = 'certain')) AS last
WHERE photo.named = last.named AND photo.former AND photo.finding->'erased' = 'false'
    AND (photo.state IN ('unknown', 'proposed', 'ambiguous')
         OR (photo.state = 'blocked' AND photo.student IS NOT NULL))
"""
# An attendance photo without an identity goes where everything that carries its folder's identity goes.
_FOLLOW_THE_FOLDER = """
UPDATE students_findings AS photo SET state = 'certain', student = folder.student, finding = photo.finding ||
    jsonb_build_object('state', 'certain', 'student', folder.ref, 'signals', jsonb_build_array(
        jsonb_build_object('kind', 'folder', 'why', 'the other photos of its folder belong to',
                           'students', jsonb_build_array(folder.ref))))
FROM (SELECT person, min(student) AS student, (array_agg(finding->'student'))[1] AS ref
      FROM students_findings WHERE vouches GROUP BY person
      HAVING count(DISTINCT student) = 1 AND bool_and(state = 'certain')) AS folder
WHERE photo.state = 'unknown' AND photo.moment <> '' AND photo.person = folder.person
    AND photo.finding->'erased' = 'false'
"""
# Unique on both sides, or a person has to choose.
_ONE_PROPOSAL_EACH = """
UPDATE students_findings SET state = 'ambiguous', finding = finding || '{"state": "ambiguous"}'
WHERE state = 'proposed' AND student IN (
    SELECT student FROM students_findings WHERE state = 'proposed' GROUP BY student
    HAVING count(DISTINCT person) > 1)
"""
TOGETHER = (
    _FORMER_NUMBERS,
    _ONE_NUMBER_OF_TWO,
    _OF_THE_DELETED,
    _FOLLOW_THE_LAST_NUMBER,
    _FOLLOW_THE_FOLDER,
    _ONE_PROPOSAL_EACH,
)
