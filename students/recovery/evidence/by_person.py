"""What files say together, over the table of `plan`: one alone may be certain and all of them not.

In order: numbers that went from one child to another, then what follows from the rest of a folder or of a
person, then names. What is blocked here keeps its `student`, whom it may be given by the rest of its folder.
"""

# Numbers are given up, and given to others. Where the photos of one person lead to different students by
# their numbers, only the number in the exports, today's photo of then, says who they are.
_FORMER_NUMBERS = """
WITH several AS (
    SELECT named_student FROM {evidence} WHERE named_student IS NOT NULL
    GROUP BY named_student HAVING count(DISTINCT coalesce(by_number, 0)) > 1
), last AS (
    SELECT named_student, min(by_number) AS student FROM {evidence} WHERE is_copy
    GROUP BY named_student HAVING count(DISTINCT coalesce(by_number, 0)) = 1
), wandered AS (
    SELECT photo.id, NOT identified AND coalesce(photo.student = by_number, false) AS is_blocked
    FROM {evidence} AS photo JOIN several USING (named_student) LEFT JOIN last USING (named_student)
    WHERE last.student IS NULL OR photo.by_number IS DISTINCT FROM last.student
)
UPDATE {evidence} AS photo SET former = true,
    state = CASE WHEN is_blocked THEN 'blocked' ELSE state END,
    notes = CASE WHEN is_blocked THEN
        notes || 'they had another number later, and this one may be another''s by now'::text ELSE notes END
FROM wandered WHERE photo.id = wandered.id
"""
# Two who had one number are two children, or one who was entered anew twice: a person has to look.
_ONE_NUMBER_OF_TWO = """
UPDATE {evidence} SET state = 'blocked',
    notes = notes || 'photos of more than one former student have this number'::text
WHERE state = 'certain' AND NOT identified AND by_number IN (
    SELECT by_number FROM {evidence} WHERE state = 'certain' AND by_number IS NOT NULL
    GROUP BY by_number HAVING count(DISTINCT coalesce(named_student::text, '')) > 1)
"""
# Who was deleted and whose number a student with other photos has now: that is perhaps another child.
_OF_THE_DELETED = """
CREATE INDEX ON {evidence} (by_number);
UPDATE {evidence} AS photo SET state = 'blocked', notes = notes ||
    'they were deleted, and the student who has the number now has other photos: perhaps another child'::text
WHERE state = 'certain' AND NOT identified AND by_number IS NOT NULL AND deleted AND EXISTS (
    SELECT FROM students_studentphoto AS own
    WHERE own.student_id = photo.student AND own.untagged_sha256 NOT IN
        (SELECT bare_sha256 FROM {evidence} AS other WHERE other.by_number = photo.by_number))
"""
_FOLLOW_THE_LAST_NUMBER = """
UPDATE {evidence} AS photo SET state = 'certain', student = last.student, notes = '{{}}',
    evidence = jsonb_build_array(jsonb_build_object(
        'kind', 'folder', 'why', 'the last photo of the same former student belongs to',
        'students', jsonb_build_array(last.student)))
FROM (SELECT named_student, min(student) AS student FROM {evidence}
      WHERE named_student IS NOT NULL AND NOT former GROUP BY named_student
      HAVING count(DISTINCT student) = 1 AND bool_and(state = 'certain')) AS last
WHERE photo.named_student = last.named_student AND photo.former AND NOT photo.erased
    AND (photo.state IN ('unknown', 'proposed', 'ambiguous')
         OR (photo.state = 'blocked' AND photo.student IS NOT NULL))
"""
# An attendance photo without an identity goes where everything that carries its folder's identity goes.
_FOLLOW_THE_FOLDER = """
UPDATE {evidence} AS photo SET state = 'certain', student = folder.student,
    evidence = jsonb_build_array(jsonb_build_object(
        'kind', 'folder', 'why', 'the other photos of its folder belong to',
        'students', jsonb_build_array(folder.student)))
FROM (SELECT person, min(student) AS student FROM {evidence} WHERE vouches GROUP BY person
      HAVING count(DISTINCT student) = 1 AND bool_and(state = 'certain')) AS folder
WHERE photo.state = 'unknown' AND photo.moment <> '' AND photo.person = folder.person AND NOT photo.erased
"""
# Unique on both sides, or a person has to choose.
_ONE_PROPOSAL_EACH = """
UPDATE {evidence} SET state = 'ambiguous' WHERE state = 'proposed' AND student IN (
    SELECT student FROM {evidence} WHERE state = 'proposed' GROUP BY student
    HAVING count(DISTINCT person) > 1)
"""
BY_PERSON = (
    _FORMER_NUMBERS,
    _ONE_NUMBER_OF_TWO,
    _OF_THE_DELETED,
    _FOLLOW_THE_LAST_NUMBER,
    _FOLLOW_THE_FOLDER,
    _ONE_PROPOSAL_EACH,
)
