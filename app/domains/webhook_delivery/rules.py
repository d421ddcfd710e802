"""The rules of deliveries: the server writes them; people may have one tried again."""

from app.access.caller import Caller
from app.database.session import WriteSession
from app.errors import ErrorList, FailedValidation, Forbidden
from app.items.hooks import Row, Rules, Update


class WebhookDeliveryRules(Rules):
    """Nobody makes a delivery; the only change is the status `pending`, which begins anew."""

    async def before_create(self, session: WriteSession, caller: Caller, rows: list[Row]) -> None:
        raise Forbidden("The server itself writes what it delivers.")

    async def before_update(
        self, session: WriteSession, caller: Caller, updates: list[Update]
    ) -> None:
        """Raises ErrorList."""
        detail = 'Value has to be "pending": to have it tried again.'
        wrong = FailedValidation("status", "eq", detail, valid="pending")
        if any(update.patch.get("status", "pending") != "pending" for update in updates):
            raise ErrorList([wrong])
        for update in updates:
            if "status" in update.patch:
                # `now` is PostgreSQL's: its clock says what is due.
                anew = {"attempts": 0, "next_attempt_at": "now", "error_message": None}
                update.patch.update(anew, delivered_at=None)
