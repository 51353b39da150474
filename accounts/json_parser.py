"""Reading the JSON that clients of the API send."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import IO, Any

from rest_framework.exceptions import ParseError
from rest_framework.parsers import JSONParser
from rest_framework.utils.json import strict_constant

# Half of a pair, which is no character: it could be neither stored nor sent back.
_SURROGATE_ESCAPE = re.compile(r"\\u[dD][89a-fA-F]")


class CarefulJSONParser(JSONParser):
    """As the one it is made from, and refuses what would break later: endless nesting, half characters."""

    def parse(
        self,
        stream: IO[bytes],
        media_type: str | None = None,
        parser_context: Mapping[str, Any] | None = None,
    ) -> Any:
        """Return what was sent; raises ``ParseError``."""
        try:
            text = stream.read().decode()
            data = json.loads(text, parse_constant=strict_constant)
            if _SURROGATE_ESCAPE.search(text):
                json.dumps(data, ensure_ascii=False).encode()
        except RecursionError as error:
            raise ParseError("The JSON is nested too deeply.") from error
        except ValueError as error:  # also what cannot be decoded or encoded
            raise ParseError(f"This is not JSON: {str(error)[:200]}") from error
        return data
