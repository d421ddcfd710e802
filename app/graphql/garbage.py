"""Errors that hold nothing: what they were raised through refers to them, and would stay.

A garbage collection looks through all that a process has: it stops everybody for seconds.
"""

from graphql import GraphQLError

from app.errors import AppError, ErrorList


def let_go(error: BaseException) -> None:
    """Free what an error was raised through and from: values of callers whole, and itself again."""
    error.__traceback__ = error.__context__ = error.__cause__ = None
    for one in error.errors if isinstance(error, ErrorList) else ():
        let_go(one)
    if isinstance(error, AppError) and error.fuller is not None:
        let_go(error.fuller)
    if isinstance(error, GraphQLError):
        error.cause = None
        if error.original_error is not None and error.original_error is not error:
            let_go(error.original_error)
