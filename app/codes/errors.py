"""The root of the refusals of this package; each leaf lives beside the code that raises it."""


class CodeError(ValueError):
    """A value that is not what the standard, or the code space, says it must be."""
