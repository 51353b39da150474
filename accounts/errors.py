"""What can be wrong with signing up, logging in and looking after accounts."""

from __future__ import annotations

from accounts.core.errors import DrumError


class EmailTaken(DrumError):
    """Another account has this address, in this or another spelling."""

    code = "email_taken"
    message = "There is already an account with this e-mail address."
    hint = "Log in, or ask for a new password."


class InvalidEmail(DrumError):
    """Not an address that mail can be sent to."""

    code = "invalid_email"
    message = "This is not an e-mail address."
    hint = "Write it like name@example.org."


class WeakPassword(DrumError):
    """``details["reasons"]`` lists what the password rules say."""

    code = "weak_password"
    message = "This password is too easy to guess."
    hint = "Use at least eight characters, not all digits, and not your name."


class WrongPassword(DrumError):
    """The person is logged in, but the password given to confirm is not theirs."""

    code = "wrong_password"
    message = "This is not your password."
    hint = "Type it again, or ask for a new password."


class InvalidCredentials(DrumError):
    """No active account has this address and password; which of the two is wrong is not said."""

    code = "invalid_credentials"
    message = "The e-mail address or the password is wrong."
    hint = "Check both, or ask for a new password."


class AccountDisabled(DrumError):
    """The password is right, but the account was switched off."""

    code = "account_disabled"
    message = "This account is switched off."
    hint = "Write to the people who run this site."


class EmailNotVerified(DrumError):
    """This site wants the address proved first."""

    code = "email_not_verified"
    message = "The e-mail address of this account is not confirmed yet."
    hint = "Open the link in the mail that we sent; logging in on the web page sends it again."


class TooManyAttempts(DrumError):
    """Too many wrong passwords for this address or from this place."""

    code = "too_many_attempts"
    message = "There were too many failed attempts to log in."
    hint = "Wait five minutes, then try again."


class NotSignedIn(DrumError):
    """A script of a page goes on sending after its session has ended."""

    code = "not_authenticated"
    message = "You have been signed out, so nothing was stored."
    hint = "Reload the page, sign in and send the file again."


class MailNotSent(DrumError):
    """The mail server does not take our mail."""

    code = "mail_not_sent"
    message = "The mail could not be sent."
    hint = "Nothing of yours was lost. Try again in a few minutes."


class TokenInvalid(DrumError):
    """Not a token of ours, of the wrong kind, used up, or its account is gone or has a new password."""

    code = "token_invalid"
    message = "This token is not valid."
    hint = "Log in again to get a new one."


class TokenExpired(DrumError):
    """It was good once."""

    code = "token_expired"
    message = "This token has expired."
    hint = "Use the refresh token to get a new one, or log in again."


class NotAllowed(DrumError):
    """The person who asks lacks the role."""

    code = "permission_denied"
    message = "You are not allowed to do this."
    hint = "Ask an administrator of this site."


class LastAdmin(DrumError):
    """Nobody would be left to run the site."""

    code = "last_admin"
    message = "This is the last administrator of the site."
    hint = "Make somebody else an administrator first."
