"""
Why a request was made without MFA, or why that is unknown.

  reason          what a reason is: its kind, its sentence, and what it is based on
  of_record       what the request's own record tells
  of_directory    what the directory tells, where the record does not
  explaining      one reason for each request of a window
  disagreement    where record and directory contradict one another
"""
