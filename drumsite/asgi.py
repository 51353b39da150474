"""The project as an ASGI application: HTTP and websockets."""

from __future__ import annotations

import os
import sys

from channels.auth import AuthMiddlewareStack
from channels.routing import ProtocolTypeRouter, URLRouter
from django.core.asgi import get_asgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "drumsite.settings")
http = get_asgi_application()

# Only now are the apps loaded.
from drumsite.websockets import SameOriginOrNoBrowser, websocket_urlpatterns  # noqa: E402

if "daphne.server" in sys.modules:  # loaded by daphne, or by ``manage.py serve``
    from drumsite import daphne_requests

    daphne_requests.install()

application = ProtocolTypeRouter(
    {
        "http": http,
        "websocket": SameOriginOrNoBrowser(AuthMiddlewareStack(URLRouter(websocket_urlpatterns))),
    }
)
