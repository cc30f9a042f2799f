"""The algebra of rollups: laws, for any sign-ins."""

from __future__ import annotations

import gzip
from io import BytesIO
from itertools import chain

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.errors import DamagedError, NewerError, StoreError
from shared.mfa.blocks import Block
from shared.mfa.circumstances import SharedTexts
from shared.mfa.kinds import restored
from shared.mfa.rollup import Rollup, StoredRollup
from shared.mfa.sign_in import Requirement, SignIn, moment
from tests.sign_ins import any_sign_in, at, portal_sign_in

rollups = st.builds(Rollup, st.lists(any_sign_in(), max_size=8))


@given(rollups, rollups, rollups)
def test_addition_is_associative(a, b, c) -> None:
    assert (a + b) + c == a + (b + c)


@given(rollups, rollups)
def test_addition_is_commutative(a, b) -> None:
    assert a + b == b + a


@given(rollups)
def test_the_empty_rollup_is_the_identity(a) -> None:
    assert a + Rollup() == a == Rollup() + a


@given(rollups)
def test_counting_the_same_sign_ins_twice_counts_them_once(a) -> None:
    assert a + a == a


@given(rollups, rollups)
def test_adding_changes_neither_summand(a, b) -> None:
    before = a.to_bytes(), b.to_bytes()

    _ = a + b

    assert (a.to_bytes(), b.to_bytes()) == before


@given(st.lists(any_sign_in(), max_size=12), st.data())
def test_split_anywhere_and_added_in_any_order_it_is_the_same_rollup(sign_ins, data) -> None:
    shuffled = data.draw(st.permutations(sign_ins))
    cut = data.draw(st.integers(0, len(sign_ins)))

    assert Rollup(shuffled[:cut]) + Rollup(shuffled[cut:]) == Rollup(sign_ins)


@given(rollups)
def test_what_is_written_is_read_back_equal(a) -> None:
    assert Rollup.from_bytes(a.to_bytes()) == a


@given(rollups, rollups)
def test_equal_rollups_are_written_as_equal_bytes(a, b) -> None:
    assert (a + b).to_bytes() == (b + a).to_bytes()


def test_a_sign_in_logged_twice_is_one_sign_in_with_two_copies() -> None:
    empty = portal_sign_in(id="x", requirement=Requirement.NOT_GIVEN, sequence=1)
    filled = portal_sign_in(id="x", sequence=2)

    rollup = Rollup([empty, filled])

    assert (len(rollup), len(list(rollup.copies()))) == (1, 2)
    assert [sign_in.requirement for sign_in in rollup] == [Requirement.SINGLE]


@pytest.mark.parametrize(
    "data", [b"", b"no gzip", Rollup().to_bytes()[:-3], Rollup().to_bytes()[:10] + b"\xff" * 20]
)
def test_bytes_that_are_not_a_rollup_are_refused_in_one_sentence(data) -> None:
    with pytest.raises(StoreError, match="rollup"):
        Rollup.from_bytes(data)


def stored(data: bytes) -> StoredRollup:
    return StoredRollup(lambda: BytesIO(data).read, len(data))


def sign_ins_of(rollup: StoredRollup | Rollup) -> list[SignIn]:
    return [restored(row) for rows in rollup.batches() for row in rows]


def without_its_copies_own(sign_in: SignIn) -> SignIn:
    return msgspec.structs.replace(sign_in, received_at="", sequence=0)


def of_the_first_release(rollup: Rollup) -> bytes:
    """All copies in one list, in the order of their ids."""
    copies = sorted(rollup.copies(), key=lambda copy: copy.id)
    packed = msgspec.msgpack.encode((1, copies), enc_hook=SharedTexts().write)
    return gzip.compress(packed)


def changed(rollup: Rollup, **changes: object) -> bytes:
    """The rollup, with other columns in its only block."""
    version, [packed] = msgspec.msgpack.decode(gzip.decompress(rollup.to_bytes()))
    block = msgspec.msgpack.decode(packed, type=Block, dec_hook=SharedTexts().read)
    other = msgspec.structs.replace(block, **changes)
    packed = msgspec.msgpack.encode(other, enc_hook=SharedTexts().write)
    pair = b"\x92" + bytes([version]) + b"\xdd\x00\x00\x00\x01\xc6"
    return gzip.compress(pair + len(packed).to_bytes(4, "big") + packed)


@pytest.mark.parametrize(
    "changes",
    [
        *({"numbers": [1]}, {"numbers": [-1]}, {"numbers": []}, {"kinds": []}),
        *({name: []} for name in Block.__struct_fields__[2:]),
        {"ids": ["id", "id"]},
    ],
    ids=str,
)
def test_columns_that_do_not_fit_each_other_are_damage(changes) -> None:
    rollup = Rollup([portal_sign_in()])

    assert Rollup.from_bytes(changed(rollup)) == rollup
    for read in (Rollup.from_bytes, lambda data: stored(data).check()):
        with pytest.raises(DamagedError, match="rollup"):
            read(changed(rollup, **changes))


@pytest.mark.parametrize("version", [0, 2])
def test_a_version_that_no_release_wrote_is_damage(version) -> None:
    with pytest.raises(DamagedError, match=f"no release wrote version {version}"):
        Rollup.from_bytes(gzip.compress(msgspec.msgpack.encode((version, []))))


def test_what_many_sign_ins_share_is_stored_once() -> None:
    names = ["Ann with MFA", "Ann without", "Bob"]
    rollup = Rollup(portal_sign_in(user_name=names[n % 3]) for n in range(9_000))

    packed = gzip.decompress(rollup.to_bytes())

    assert [packed.count(name.encode()) for name in names] == [1, 1, 1]


@given(rollups)
def test_what_is_stored_is_read_in_the_order_of_time_again_and_again(a) -> None:
    in_order = sorted(a, key=moment)
    kept, old = stored(a.to_bytes()), stored(of_the_first_release(a))

    for each in (kept, old, kept, old):
        assert sign_ins_of(each) == [without_its_copies_own(sign_in) for sign_in in in_order]
    assert Rollup(old.copies()) == Rollup(kept.copies()) == a


def test_more_sign_ins_than_are_read_at_once_are_all_read_in_order() -> None:
    count = 9_000
    rollup = Rollup(portal_sign_in(created_at=at(20, n * 7 % 24)) for n in range(count))

    batches = list(stored(rollup.to_bytes()).batches())

    assert len(batches) == 3
    assert [row.id for row in chain.from_iterable(batches)] == [
        each.id for each in sorted(rollup, key=moment)
    ]
    assert Rollup.from_bytes(rollup.to_bytes()) == rollup


def test_a_later_version_is_of_a_newer_release() -> None:
    with pytest.raises(NewerError, match="version 4"):
        Rollup.from_bytes(gzip.compress(msgspec.msgpack.encode((4, []))))


_WHOLE = gzip.decompress(Rollup([portal_sign_in()]).to_bytes())


@pytest.mark.parametrize(
    "packed",
    [_WHOLE[:-1], _WHOLE + b"x", _WHOLE[:7] + b"x" + _WHOLE[8:], _WHOLE[:7], _WHOLE[:12], b"\x92"],
)
def test_pieces_that_do_not_fit_are_damage(packed) -> None:
    with pytest.raises(DamagedError, match="rollup"):
        Rollup.from_bytes(gzip.compress(packed))
    with pytest.raises(DamagedError, match="rollup"):
        Rollup.from_bytes(gzip.compress(_WHOLE) + b"x")
