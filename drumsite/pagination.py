"""Pages of lists in the API."""

from __future__ import annotations

from rest_framework.pagination import PageNumberPagination


class PageNumbers(PageNumberPagination):
    """``?page=2&page_size=50``, at most 100 a page."""

    page_size_query_param = "page_size"
    max_page_size = 100
