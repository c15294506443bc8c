"""The court: checks that judge a server or a client reached by URL or command."""

if __name__ != "risp.conformance":
    raise ImportError(
        "import risp.conformance, not conformance: a second copy of every class would be made"
    )
