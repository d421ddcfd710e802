"""Refusals of requests that no domain knows of; each vendor shows them in its own shape."""

from app.errors import AppError


class NotAuthenticated(AppError):
    """The route is for callers with a credential, and there is none."""

    code = "NOT_AUTHENTICATED"
    status = 401

    def __init__(self) -> None:
        super().__init__("Authentication credentials were not provided.")


class PermissionDenied(AppError):
    """The credential is not good for this, whatever the row."""

    code = "FORBIDDEN"
    status = 403

    def __init__(self) -> None:
        super().__init__("You do not have permission to perform this action.")


class NotFound(AppError):
    """There is no such row; one of another account is none (systems.md 6.1.5)."""

    code = "NOT_FOUND"
    status = 404

    def __init__(self) -> None:
        super().__init__("Not found.")


class NotJsonBody(AppError):
    """The body is not JSON. `reason`: what the parser says."""

    code = "INVALID_PAYLOAD"
    status = 400

    def __init__(self, reason: str) -> None:
        super().__init__(f"JSON parse error - {reason}")
