"""Keys of raw tags: the bits of a chip that say no GS1 key (EPC Tag Data Standard 12.3.4)."""

import re

TAG = re.compile(r"urn:epc:raw:96\.x([0-9A-F]{24})")
