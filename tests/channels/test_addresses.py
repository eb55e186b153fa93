"""Addresses as they go over the wire: what is kept, what is quoted, what is refused."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.channels.email.addresses import UnsendableAddress, ascii_address, needs_smtputf8, wire_address


@pytest.mark.parametrize(
    ("address", "wire"),
    [
        ("ana@family.example", "ana@family.example"),
        ("Ana.Ruiz+x@Family.example", "Ana.Ruiz+x@Family.example"),
        ("ana@españa.example", "ana@xn--espaa-rta.example"),
        ("ana@straße.example", "ana@xn--strae-oqa.example"),
        ("ana maria@family.example", '"ana maria"@family.example'),
        ('"ana maria"@family.example', '"ana maria"@family.example'),
        ("a..b@family.example", '"a..b"@family.example'),
        ("ana@[192.0.2.1]", "ana@[192.0.2.1]"),
        (" ana@family.example ", "ana@family.example"),
    ],
)
def test_addresses_on_the_wire(address, wire):
    assert ascii_address(address) == wire


@pytest.mark.parametrize(
    "address",
    ["", "ana", "@family.example", "ana@", "ana@fam ily.example", "a\r\nb@family.example", "a\0@family.example",
     "ana@family.example>\r\nRCPT TO:<x@y.example", "ana@-x..example", "ana@" + "x" * 64 + ".example",
     "ana@a\u2028.example", "jos\xad\u2028é@family.example", "jos\ud800@family.example", "x" * 300 + "@family.example"],
)  # fmt: skip
def test_what_is_no_address_is_refused(address):
    with pytest.raises(UnsendableAddress, match="is not an email address"):
        wire_address(address)


def test_letters_outside_ascii_before_the_at_need_a_server_that_takes_them():
    with pytest.raises(UnsendableAddress, match=r"“josé@family[.]example” has letters before the @"):
        ascii_address("josé@family.example")
    assert needs_smtputf8("josé@family.example")
    assert wire_address(" jose\u0301@españa.example") == "josé@xn--espaa-rta.example"
    assert wire_address("josé maría@family.example") == '"josé maría"@family.example'
    assert not needs_smtputf8("jose@españa.example")
    assert not needs_smtputf8("\N{KELVIN SIGN}@family.example")  # an ordinary K in the form in which it is sent


@given(st.text(max_size=40), st.text(max_size=40))
def test_no_address_breaks_the_line(local, domain):
    try:
        wire = wire_address(f"{local}@{domain}")
    except UnsendableAddress:
        return
    assert wire.isascii() != needs_smtputf8(f"{local}@{domain}")
    assert wire.isprintable()
    assert len(wire.splitlines()) == 1
