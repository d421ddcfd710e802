"""What Mintage asks of servers that callers name: where it may go, and how it goes there.

`ask` is the only way to an address that somebody outside has chosen (webhooks, files to be
fetched): whoever names an address of the installation's own network is refused.
"""

from app.outside.asking import Answer, ask
from app.outside.places import Place, Refused, Unreachable, place_of

__all__ = ["Answer", "Place", "Refused", "Unreachable", "ask", "place_of"]
