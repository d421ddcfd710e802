"""What can keep the embedded services from running; every message says what to do."""


class EmbeddedError(Exception):
    """The embedded services cannot be had; the message is one readable sentence or two."""


class AlreadyRunning(EmbeddedError):
    """Another instance has this DATA_DIR."""


class DataFolderUnusable(EmbeddedError):
    """DATA_DIR, or a folder that belongs to it, cannot be used as it is."""


class ServerDidNotStart(EmbeddedError):
    """A server ended or stayed silent while starting; the message has the end of its log."""
