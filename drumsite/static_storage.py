"""Static files with their content's hash in their names, for production."""

from __future__ import annotations

from whitenoise.storage import CompressedManifestStaticFilesStorage


class HashedStaticFiles(CompressedManifestStaticFilesStorage):
    """Hashes names inside ES modules too, so that a changed module is never read from an old cache.

    Only imports with a relative path that end in a semicolon are rewritten.
    """

    support_js_module_import_aggregation = True
