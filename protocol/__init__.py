"""The protocol: requirements, frames, machine, codec. It does no I/O."""

if __name__ != "risp.protocol":
    raise ImportError(
        "import risp.protocol, not protocol: a second copy of every class would be made"
    )
