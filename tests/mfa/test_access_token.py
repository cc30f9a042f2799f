"""What a pasted access token says, and how a paste that is not an access token is refused."""

from __future__ import annotations

import base64
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from shared.errors import BadInputError
from shared.mfa.access_token import LONGEST, AccessToken, MfaClaim, TokenKind, decode_token
from tests.tokens import (
    APP_ONLY_CLAIMS,
    APPLICATION,
    HEADER,
    OBJECT,
    PERSON,
    SIGNATURE,
    TENANT,
    USER_CLAIMS,
    encoded,
    token_of,
    user_token,
)

ISSUED = datetime(2026, 11, 23, 8, 0, tzinfo=UTC)
EXPECTED = AccessToken(
    kind=TokenKind.APP_AND_USER,
    mfa=MfaClaim.YES,
    amr=("pwd", "mfa"),
    audience="https://api.partnercenter.microsoft.com",
    issuer=f"https://sts.windows.net/{TENANT}/",
    tenant_id=TENANT,
    app_id=APPLICATION,
    issued_at=ISSUED,
    valid_from=ISSUED,
    expires_at=ISSUED + timedelta(hours=1),
    version="1.0",
)


def refusal(text) -> str:
    with pytest.raises(BadInputError) as refused:
        decode_token(text)
    return str(refused.value)


def pieces(text, length=12):
    return {text[start : start + length] for start in range(len(text) - length + 1)}


# What a token says.


def test_the_example_of_partner_centers_page_is_app_and_user_with_mfa() -> None:
    assert decode_token(token_of(USER_CLAIMS)) == EXPECTED


def test_nothing_that_names_the_person_is_kept() -> None:
    decoded = repr(decode_token(token_of(USER_CLAIMS)))

    assert TENANT in decoded
    assert [value for value in PERSON.values() if value in decoded] == []


@pytest.mark.parametrize(
    "paste",
    [
        "{}",
        "  {}\r\n",
        "Bearer {}",
        "bearer   {}\n",
        'Bearer "{}"',
        '"Bearer {}"',
        "Authorization: Bearer {}",
        "'{}'",
        '"{}",',
        "\u201c{}\u201d",
        "\ufeff{}",
    ],
)
def test_what_is_copied_along_with_a_token_is_ignored(paste) -> None:
    assert decode_token(paste.format(token_of(USER_CLAIMS))) == EXPECTED


def test_a_token_that_was_wrapped_into_lines_is_put_together_again() -> None:
    token = token_of(USER_CLAIMS)

    wrapped = "\n".join(token[start : start + 64] for start in range(0, len(token), 64))

    assert decode_token(wrapped) == EXPECTED


def test_the_signature_is_ignored_and_may_be_left_out() -> None:
    header, claims, _ = token_of(USER_CLAIMS).split(".")

    assert decode_token(f"{header}.{claims}.") == EXPECTED
    assert decode_token(f"{header}.{claims}.Zm9yZ2Vk") == EXPECTED


@pytest.mark.parametrize(
    ("claims", "kind"),
    [
        (USER_CLAIMS, TokenKind.APP_AND_USER),
        (APP_ONLY_CLAIMS, TokenKind.APP_ONLY),
        (APP_ONLY_CLAIMS | {"roles": ["Some.Role"]}, TokenKind.APP_ONLY),
        ({"appid": APPLICATION, "idtyp": "app"}, TokenKind.APP_ONLY),
        ({"appid": APPLICATION, "idtyp": "user"}, TokenKind.APP_AND_USER),
        ({"azp": APPLICATION, "scp": "user_impersonation"}, TokenKind.APP_AND_USER),
        ({"appid": APPLICATION, "idtyp": "device"}, TokenKind.UNKNOWN),
        ({"appid": APPLICATION, "oid": OBJECT, "sub": "another"}, TokenKind.UNKNOWN),
        ({"appid": APPLICATION}, TokenKind.UNKNOWN),
        ({"appid": APPLICATION, "scp": ""}, TokenKind.UNKNOWN),
        (USER_CLAIMS | {"idtyp": "app"}, TokenKind.UNKNOWN),  # one claim contradicts the other
        (APP_ONLY_CLAIMS | {"idtyp": "user"}, TokenKind.UNKNOWN),
    ],
)
def test_app_and_user_and_app_only_are_distinguished_and_a_contradiction_is_unknown(
    claims, kind
) -> None:
    assert decode_token(token_of(claims)).kind is kind


@pytest.mark.parametrize(
    ("amr", "mfa"),
    [
        (["pwd", "mfa"], MfaClaim.YES),
        (["fed", "mfa"], MfaClaim.YES),
        (["MFA"], MfaClaim.YES),
        ("pwd mfa", MfaClaim.YES),
        ("pwd,mfa", MfaClaim.YES),
        (["pwd"], MfaClaim.NO),
        (["pwd", "rsa", "fed", "wia"], MfaClaim.NO),
        (["ngcmfa"], MfaClaim.NO),  # another value than the one that is required
        ([], MfaClaim.NO),
        (["pwd", 7, None], MfaClaim.NO),
        (7, MfaClaim.UNKNOWN),
        (None, MfaClaim.UNKNOWN),
        ([7], MfaClaim.UNKNOWN),
        ({"mfa": True}, MfaClaim.UNKNOWN),
    ],
)
def test_amr_says_whether_there_was_mfa_and_what_cannot_be_read_says_nothing(amr, mfa) -> None:
    assert decode_token(user_token(amr=amr)).mfa is mfa


def test_without_amr_version_1_says_no_and_version_2_does_not_say() -> None:
    assert decode_token(user_token(without=["amr"])).mfa is MfaClaim.NO
    assert decode_token(user_token(without=["amr"], ver="2.0")).mfa is MfaClaim.UNKNOWN
    assert decode_token(user_token(without=["amr", "ver"])).mfa is MfaClaim.UNKNOWN
    assert decode_token(user_token(ver="2.0")).mfa is MfaClaim.YES


def test_an_applications_token_without_amr_does_not_say_no() -> None:
    assert decode_token(token_of(APP_ONLY_CLAIMS)).mfa is MfaClaim.UNKNOWN


@pytest.mark.parametrize(
    ("exp", "instant"),
    [
        (1795430400, datetime(2026, 11, 23, 10, 40, tzinfo=UTC)),
        (1795430400.5, datetime(2026, 11, 23, 10, 40, 0, 500_000, tzinfo=UTC)),
        pytest.param("1795430400", datetime(2026, 11, 23, 10, 40, tzinfo=UTC), id="digits"),
        ("soon", None),
        pytest.param("9" * 5000, None, id="too many digits"),
        (10**18, None),
        (1e300, None),
        (True, None),
        (None, None),
        ([1795430400], None),
    ],
)
def test_a_time_is_seconds_since_1970_in_utc_and_anything_else_is_not_given(exp, instant) -> None:
    assert decode_token(user_token(exp=exp)).expires_at == instant


@pytest.mark.parametrize("wrong", [7, None, ["x"], {"a": 1}, "", "not a guid", f"{TENANT} x"])
def test_an_id_that_is_not_a_guid_counts_as_not_given(wrong) -> None:
    token = decode_token(user_token(tid=wrong, appid=wrong))

    assert (token.tenant_id, token.app_id) == ("", "")


def test_ids_are_lower_case_and_version_2_names_its_application_azp() -> None:
    token = decode_token(user_token(without=["appid"], azp=APPLICATION.upper(), tid=TENANT.upper()))

    assert (token.tenant_id, token.app_id) == (TENANT, APPLICATION)


instants = st.integers(0, 4_000_000_000)
words = st.text("abcdefghijklmnopqrstuvwxyz0123456789", min_size=1, max_size=8)


written = st.fixed_dictionaries(
    {
        "amr": st.lists(words),
        "iat": instants,
        "exp": instants,
        "tid": st.uuids().map(str),
        "appid": st.uuids().map(str),
    }
)


@given(written, st.booleans())
def test_a_token_says_what_was_written_into_it(claims, is_user) -> None:
    token = decode_token(token_of((USER_CLAIMS if is_user else APP_ONLY_CLAIMS) | claims))

    assert token.kind is (TokenKind.APP_AND_USER if is_user else TokenKind.APP_ONLY)
    assert token.mfa is (MfaClaim.YES if "mfa" in claims["amr"] else MfaClaim.NO)
    assert {
        "amr": list(token.amr),
        "iat": token.issued_at and token.issued_at.timestamp(),
        "exp": token.expires_at and token.expires_at.timestamp(),
        "tid": token.tenant_id,
        "appid": token.app_id,
    } == claims


# What is not an access token.

HEAD, CLAIMS = encoded(HEADER), encoded(USER_CLAIMS)
DEEP = encoded(b"[" * 20_000 + b"]" * 20_000)  # which Python 3.14 still decodes


WRONG = {
    "nothing": ("", "There is no token"),
    "space": (" \r\n\t", "There is no token"),
    "a prefix alone": ("Bearer ", "There is no token"),
    "quotes alone": ('""', "There is no token"),
    "refresh token": ("0.AXoAexample.AgABAAEAAAD", "This is a refresh token or an auth"),
    "newer refresh token": ("1.AXoAexample.AgABAAEAAAD", "This is a refresh token or an auth"),
    "opaque": ("EwBIA8l6BAAUexampleexampleexample", "This has 1 part, but"),
    "two parts": (f"{HEAD}.{CLAIMS}", "This has 2 parts, but"),
    "four parts": (f"{HEAD}.{CLAIMS}.a.b", "This has 4 parts, but"),
    "encrypted": (f"{HEAD}.{CLAIMS}.a.b.c", "This token is encrypted"),
    "dots": ("..", "The token's first part is not base64url"),
    "no header": (f".{CLAIMS}.{SIGNATURE}", "The token's first part is not base64url"),
    "no claims": (f"{HEAD}..{SIGNATURE}", "The token's second part is not base64url"),
    "base64": (f"{HEAD}.{CLAIMS[:-1]}+.", "The token's second part is not base64url"),
    "padded": (f"{HEAD}.{CLAIMS}=.", "The token's second part is not base64url"),
    "a letter of elsewhere": (
        f"{HEAD}.{CLAIMS}\u00e9.",
        "The token's second part is not base64url",
    ),
    "a length there is not": (f"{HEAD}.AAAAA.", "The token's second part is not base64url"),
    "a signature of stars": (f"{HEAD}.{CLAIMS}.***", "The token's third part is not base64url"),
    "header cut short": (f"{CLAIMS[:40]}.{CLAIMS}.", "The token's first part is not JSON"),
    "claims cut short": (f"{HEAD}.{CLAIMS[:200]}.", "The token's second part is not JSON"),
    "no text": (f"{HEAD}.{encoded(bytes([0xFF] * 9))}.", "The token's second part is not JSON"),
    "half an object": (f"{HEAD}.{encoded(b'{')}.", "The token's second part is not JSON"),
    "too deep": (f"{HEAD}.{DEEP}.", "The token's second part is "),
    "a list": (
        f"{HEAD}.{encoded([USER_CLAIMS])}.",
        "The token's second part is JSON, but not an object",
    ),
    "a text": (f"{encoded('JWT')}.{CLAIMS}.", "The token's first part is JSON, but not an object"),
    "too long": ("e" * (LONGEST + 1), "This is longer than 65,536 characters"),
}


@pytest.mark.parametrize("what", WRONG)
def test_what_is_not_an_access_token_is_refused_with_a_sentence_that_repeats_nothing_of_it(
    what,
) -> None:
    paste, sentence = WRONG[what]

    message = refusal(paste)

    assert message.startswith(sentence)
    assert message.isprintable()
    assert not pieces(paste) & pieces(message)


@pytest.mark.parametrize("claim", ["nonce", "at_hash", "c_hash", "preferred_username", "name"])
def test_an_id_token_is_distinguished_from_an_access_token(claim) -> None:
    claims = {"aud": APPLICATION, "ver": "2.0", "oid": OBJECT, "sub": "pairwise", claim: "given"}

    assert refusal(token_of(claims)).startswith("This is an ID token")
    assert decode_token(token_of(claims | {"azp": APPLICATION})).app_id == APPLICATION


def test_the_error_keeps_nothing_of_the_token_for_a_traceback_either() -> None:
    with pytest.raises(BadInputError) as refused:
        decode_token(f"{HEAD}.{encoded(b'{' + bytes([0xFF] * 9))}.")

    assert refused.value.__cause__ is None
    assert refused.value.__suppress_context__


anything = st.one_of(
    st.text(),
    st.binary().map(encoded),
    st.lists(st.text(max_size=40), max_size=6).map(".".join),
    st.lists(st.binary(max_size=60).map(encoded), min_size=2, max_size=6).map(".".join),
    st.text(max_size=200).map(lambda text: f"{HEAD}.{encoded(text.encode())}.{SIGNATURE}"),
    st.integers(0, len(token_of(USER_CLAIMS))).map(lambda end: token_of(USER_CLAIMS)[:end]),
)
json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=5,
)
names = st.sampled_from([*USER_CLAIMS, "azp", "idtyp", "nonce", "roles"])
hostile = st.dictionaries(names, json_values).map(token_of)


@given(anything | hostile)
@example("0.")
@example("\ud800.\ud800.\ud800")
@example(f"{HEAD}.{encoded(base64.b64encode(b'{}'))}.")
def test_no_paste_raises_anything_else_and_no_error_repeats_a_piece_of_it(paste) -> None:
    try:
        token = decode_token(paste)
    except BadInputError as refused:
        message = str(refused)
        assert message.isprintable()
        assert not pieces(paste) & pieces(message)
    else:
        assert token.kind in TokenKind
        assert token.mfa in MfaClaim
