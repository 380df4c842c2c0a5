"""A sealed file opens with its key, whole, and in no other way."""

import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest.exports.sealed import PIECE_BYTES, SealedReader, SealedWriter, load_private, load_public, make_pair

PRIVATE, PUBLIC = make_pair()
SIZES = st.sampled_from([0, 1, PIECE_BYTES - 1, PIECE_BYTES, PIECE_BYTES + 1, 3 * PIECE_BYTES])


def sealed(content: bytes, written_by: int) -> bytes:
    file = io.BytesIO()
    writer = SealedWriter(file, load_public(PUBLIC))
    for start in range(0, len(content), written_by):
        writer.write(content[start : start + written_by])
    writer.close()
    return file.getvalue()


def opened(content: bytes, private: bytes = PRIVATE) -> bytes:
    return SealedReader(io.BytesIO(content), load_private(private)).read()


@given(SIZES, st.integers(min_value=1000, max_value=200_000), st.integers(min_value=1, max_value=100_000))
def test_what_was_sealed_comes_out_however_it_is_written_and_read(size: int, written_by: int, read_by: int) -> None:
    content = bytes(number % 251 for number in range(size))
    file = sealed(content, written_by)
    assert opened(file) == content
    reader = SealedReader(io.BytesIO(file), load_private(PRIVATE))
    assert b"".join(iter(lambda: reader.read(read_by), b"")) == content


@pytest.mark.parametrize("size", [0, 5, 2 * PIECE_BYTES + 5])
def test_a_file_that_is_cut_changed_or_put_together_anew_does_not_open(size: int) -> None:
    file = sealed(b"x" * size, 1000)
    piece = PIECE_BYTES + 16
    changed = [
        file[:-1],
        file[: len(file) - 21],
        file[:50] + bytes([file[50] ^ 1]) + file[51:],
        b"y" + file[1:],
        file[:20],
    ]
    if size > PIECE_BYTES:
        head, first, second = file[:48], file[48 : 48 + piece], file[48 + piece : 48 + 2 * piece]
        changed += [head + first + second, head + first, head + second + first + file[48 + 2 * piece :]]
    for one in changed:
        with pytest.raises(ValueError, match=r"cut off|sealed"):
            opened(one)
    with pytest.raises(ValueError, match="another key"):
        opened(file, make_pair()[0])


def test_a_key_of_another_kind_is_refused_and_not_shown() -> None:
    for pem in (PUBLIC, b"", b"-----BEGIN PRIVATE KEY-----\nsecret\n-----END PRIVATE KEY-----\n"):
        with pytest.raises(ValueError, match="cordon export key") as refused:
            load_private(pem)
        assert "secret" not in str(refused.value)
    with pytest.raises(ValueError, match="cordon export key"):
        load_public(PRIVATE)
