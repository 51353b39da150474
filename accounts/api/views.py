"""The account part of the API: sign up, log in, keep the tokens fresh, see and change oneself."""

from __future__ import annotations

from dataclasses import asdict

from django.contrib.auth import update_session_auth_hash
from drf_spectacular.utils import OpenApiResponse, extend_schema
from rest_framework import status
from rest_framework.authentication import SessionAuthentication
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts import services, tokens
from accounts.api.serializers import (
    DeleteAccountSerializer,
    ErrorSerializer,
    LoginSerializer,
    PasswordSerializer,
    ProfileSerializer,
    RefreshSerializer,
    RegisteredSerializer,
    RegisterSerializer,
    SessionSerializer,
    TokenPairSerializer,
    UserSerializer,
)
from accounts.throttling import RoleRateThrottle, SignInRateThrottle

TAG = "auth"


def refused(description: str) -> OpenApiResponse:
    """Describe a refusal in the OpenAPI document."""
    return OpenApiResponse(ErrorSerializer, description=description)


class DoorView(APIView):
    """Open to everybody; a stale token in the header does not keep anybody out."""

    authentication_classes = ()
    permission_classes = (AllowAny,)


class RegisterView(DoorView):
    """Sign up."""

    throttle_classes = (SignInRateThrottle,)

    @extend_schema(
        tags=[TAG],
        summary="Sign up",
        description="Opens an account and logs it in. A confirmation mail follows; where the site wants the "
        "address confirmed first, the tokens are null.",
        request=RegisterSerializer,
        responses={
            201: RegisteredSerializer,
            400: refused("`invalid_input`, `weak_password`"),
            409: refused("`email_taken`"),
            429: refused("`throttled`"),
        },
        auth=[],
    )
    def post(self, request: Request) -> Response:
        form = RegisterSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        user = services.register(**form.validated_data)
        if services.is_waiting_for_confirmation(user=user):
            pair: dict[str, str | None] = {"access": None, "refresh": None}
        else:
            pair = asdict(tokens.issue_tokens(user))
        return Response({**pair, "user": UserSerializer(user).data}, status=status.HTTP_201_CREATED)


class LoginView(DoorView):
    """Log in."""

    throttle_classes = (SignInRateThrottle,)

    @extend_schema(
        tags=[TAG],
        summary="Log in",
        request=LoginSerializer,
        responses={
            200: SessionSerializer,
            401: refused("`invalid_credentials`"),
            403: refused("`account_disabled`, `email_not_verified`"),
            429: refused("`too_many_attempts`, `throttled`"),
        },
        auth=[],
    )
    def post(self, request: Request) -> Response:
        form = LoginSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        user = services.check_credentials(**form.validated_data, request=request._request)
        return Response({**asdict(tokens.issue_tokens(user)), "user": UserSerializer(user).data})


class RefreshView(DoorView):
    """Buy a new pair of tokens."""

    @extend_schema(
        tags=[TAG],
        summary="Refresh the tokens",
        description="Returns a new pair; the refresh token that was sent is used up.",
        request=RefreshSerializer,
        responses={200: TokenPairSerializer, 401: refused("`token_invalid`, `token_expired`")},
        auth=[],
    )
    def post(self, request: Request) -> Response:
        form = RefreshSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        return Response(asdict(tokens.rotate_tokens(form.validated_data["refresh"])))


class LogoutView(DoorView):
    """Log out."""

    @extend_schema(
        tags=[TAG],
        summary="Log out",
        description="Takes the refresh token out of use. The access token ends by itself.",
        request=RefreshSerializer,
        responses={204: None, 401: refused("`token_invalid`, `token_expired`")},
        auth=[],
    )
    def post(self, request: Request) -> Response:
        form = RefreshSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        tokens.revoke_token(form.validated_data["refresh"])
        return Response(status=status.HTTP_204_NO_CONTENT)


class MeView(APIView):
    """The account that asks."""

    @extend_schema(
        tags=[TAG],
        summary="My account",
        responses={
            200: UserSerializer,
            401: refused("`not_authenticated`, `token_invalid`, `token_expired`"),
        },
    )
    def get(self, request: Request) -> Response:
        return Response(UserSerializer(request.user).data)

    @extend_schema(
        tags=[TAG],
        summary="Change my account",
        request=ProfileSerializer,
        responses={200: UserSerializer, 400: refused("`invalid_input`"), 401: refused("see above")},
    )
    def patch(self, request: Request) -> Response:
        form = ProfileSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        user = services.change_profile(user=request.user, **form.validated_data)
        return Response(UserSerializer(user).data)

    @extend_schema(
        tags=[TAG],
        summary="Delete my account",
        description="Forgets name, address and password at once; recordings and jobs follow by retention.",
        request=DeleteAccountSerializer,
        responses={204: None, 403: refused("`wrong_password`"), 409: refused("`last_admin`")},
    )
    def delete(self, request: Request) -> Response:
        form = DeleteAccountSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        services.delete_own_account(user=request.user, password=form.validated_data["password"])
        return Response(status=status.HTTP_204_NO_CONTENT)

    def get_throttles(self) -> list[RoleRateThrottle | SignInRateThrottle]:
        """Guessing the password here is limited as it is at the door."""
        if self.request.method == "DELETE":
            return [RoleRateThrottle(), SignInRateThrottle()]
        return [RoleRateThrottle()]


class PasswordView(APIView):
    """The password of the account that asks. Guessing it here is limited as it is at the door."""

    throttle_classes = (RoleRateThrottle, SignInRateThrottle)

    @extend_schema(
        tags=[TAG],
        summary="Change my password",
        description="Ends every session and token of the account but the session that asks, and returns a "
        "new pair.",
        request=PasswordSerializer,
        responses={
            200: TokenPairSerializer,
            400: refused("`invalid_input`, `weak_password`"),
            401: refused("`not_authenticated`, `token_invalid`, `token_expired`"),
            403: refused("`wrong_password`"),
            429: refused("`throttled`"),
        },
    )
    def post(self, request: Request) -> Response:
        form = PasswordSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        services.change_password(
            user=request.user,
            current=form.validated_data["current_password"],
            new=form.validated_data["new_password"],
        )
        if isinstance(request.successful_authenticator, SessionAuthentication):
            update_session_auth_hash(request, request.user)
        return Response(asdict(tokens.issue_tokens(request.user)))
