"""The smallest honest implementation of the protocol: server and client."""

if __name__ != "risp.reference_impl":
    raise ImportError(
        "import risp.reference_impl, not reference_impl: a second copy of every class would be made"
    )
