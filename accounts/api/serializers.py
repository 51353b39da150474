"""The shapes of the account part of the API."""

from __future__ import annotations

from drf_spectacular.utils import OpenApiExample, extend_schema_field, extend_schema_serializer
from rest_framework import serializers

from accounts.models import User
from accounts.roles import Role, roles_of
from accounts.selectors import has_verified_email

EXAMPLE_USER = {
    "id": "7b0f4b0e-4f0c-4f57-9c8e-2f4d5a2f6f11",
    "email": "bonham@example.org",
    "display_name": "John",
    "email_is_verified": True,
    "roles": ["user"],
    "jobs_held": False,
    "jobs_held_reason": "",
    "date_joined": "2026-11-20T10:00:00Z",
}
EXAMPLE_TOKENS = {"access": "eyJhbGciOi…", "refresh": "eyJhbGciOi…"}


@extend_schema_serializer(
    examples=[
        OpenApiExample(
            "A refusal",
            value={
                "code": "token_expired",
                "message": "The token has expired; refresh it.",
                "details": {},
            },
        )
    ]
)
class ErrorSerializer(serializers.Serializer[dict[str, object]]):
    """Every refusal of this API."""

    code = serializers.CharField(help_text="Stable: programs may compare it.")
    message = serializers.CharField(help_text="One sentence for a person.")
    details = serializers.DictField(help_text="Numbers, names and a hint that a client may show.")


@extend_schema_serializer(examples=[OpenApiExample("An account", value=EXAMPLE_USER)])
class UserSerializer(serializers.ModelSerializer[User]):
    """An account, as its owner sees it."""

    email_is_verified = serializers.SerializerMethodField()
    roles = serializers.SerializerMethodField()

    class Meta:
        model = User
        fields = [
            "id",
            "email",
            "display_name",
            "email_is_verified",
            "roles",
            "jobs_held",
            "jobs_held_reason",
            "date_joined",
        ]
        read_only_fields = fields

    def get_email_is_verified(self, user: User) -> bool:
        return has_verified_email(user)

    @extend_schema_field(
        serializers.ListField(child=serializers.ChoiceField(choices=[r.value for r in Role]))
    )
    def get_roles(self, user: User) -> list[str]:
        held = roles_of(user)
        return [role.value for role in Role if role in held]


@extend_schema_serializer(
    examples=[
        OpenApiExample(
            "Sign up",
            value={"email": "bonham@example.org", "password": "moby-dick-1969", "display_name": "John"},
        )
    ]
)
class RegisterSerializer(serializers.Serializer[User]):
    """What signing up needs."""

    email = serializers.EmailField(max_length=254)
    password = serializers.CharField(max_length=256, trim_whitespace=False, write_only=True)
    display_name = serializers.CharField(max_length=80, required=False, allow_blank=True, default="")


@extend_schema_serializer(
    examples=[OpenApiExample("Log in", value={"email": "bonham@example.org", "password": "moby-dick-1969"})]
)
class LoginSerializer(serializers.Serializer[User]):
    """What logging in needs."""

    email = serializers.CharField(max_length=254)
    password = serializers.CharField(max_length=256, trim_whitespace=False, write_only=True)


class RefreshSerializer(serializers.Serializer[str]):
    """A refresh token."""

    refresh = serializers.CharField(max_length=4096)


@extend_schema_serializer(examples=[OpenApiExample("A new pair", value=EXAMPLE_TOKENS)])
class TokenPairSerializer(serializers.Serializer[object]):
    """``access`` goes into ``Authorization: Bearer …``; ``refresh`` buys the next pair, once."""

    access = serializers.CharField()
    refresh = serializers.CharField()


@extend_schema_serializer(
    examples=[OpenApiExample("Logged in", value={**EXAMPLE_TOKENS, "user": EXAMPLE_USER})]
)
class SessionSerializer(TokenPairSerializer):
    """A pair of tokens, and whose they are."""

    user = UserSerializer()


@extend_schema_serializer(
    examples=[
        OpenApiExample("Signed up and logged in", value={**EXAMPLE_TOKENS, "user": EXAMPLE_USER}),
        OpenApiExample(
            "Signed up; the address must be confirmed first",
            value={"access": None, "refresh": None, "user": {**EXAMPLE_USER, "email_is_verified": False}},
        ),
    ]
)
class RegisteredSerializer(serializers.Serializer[object]):
    """The new account; the tokens are null where the address must be confirmed before logging in."""

    access = serializers.CharField(allow_null=True)
    refresh = serializers.CharField(allow_null=True)
    user = UserSerializer()


@extend_schema_serializer(examples=[OpenApiExample("A new name", value={"display_name": "Bonzo"})])
class ProfileSerializer(serializers.Serializer[User]):
    """What the owner of an account may change."""

    display_name = serializers.CharField(max_length=80, allow_blank=True)


@extend_schema_serializer(
    examples=[
        OpenApiExample(
            "Another password",
            value={"current_password": "moby-dick-1969", "new_password": "kashmir-in-eight-1975"},
        )
    ]
)
class PasswordSerializer(serializers.Serializer[User]):
    """The password, and another one."""

    current_password = serializers.CharField(max_length=256, trim_whitespace=False, write_only=True)
    new_password = serializers.CharField(max_length=256, trim_whitespace=False, write_only=True)


class DeleteAccountSerializer(serializers.Serializer[User]):
    """The password, once more."""

    password = serializers.CharField(max_length=256, trim_whitespace=False, write_only=True)
