"""A mail server on this machine, for tests: aiosmtpd, with faults on demand.

Arguments: a folder, a port (0 for any), how it is encrypted (starttls, implicit, none), the certificate and
its key. It lets in `shop` with the password of the file `password`, where there is one.

Mails are files `N.eml` in the folder, with the recipients in `N.to`. The file `faults` has, line by line, what
the next transactions meet: `RCPT CODE TEXT` or `DATA CODE TEXT` is answered, `DATA lose` is taken and not
answered, `HELLO TEXT` is what it greets with instead. A line is used once, unless it begins with `always `.
"""

import asyncio
import os
import ssl
import sys

from aiosmtpd.smtp import SMTP, AuthResult

FOLDER, PORT, TLS, CERTIFICATE, KEY = sys.argv[1:6]


def fault(verb):
    path = os.path.join(FOLDER, "faults")
    try:
        with open(path) as file:
            lines = file.read().splitlines()
    except FileNotFoundError:
        return None
    for at, line in enumerate(lines):
        always, rest = line.startswith("always "), line.removeprefix("always ")
        if rest.startswith(verb + " "):
            if not always:
                del lines[at]
                with open(path, "w") as file:
                    file.write("\n".join(lines))
            return rest.removeprefix(verb + " ")
    return None


class Handler:
    count = 0

    async def handle_RCPT(self, server, session, envelope, address, options):
        if answer := fault("RCPT"):
            return answer
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server, session, envelope):
        answer = fault("DATA")
        if answer and answer != "lose":
            return answer
        while os.path.exists(self.path("eml")):
            Handler.count += 1
        with open(self.path("to"), "w") as file:
            file.write("\n".join(envelope.rcpt_tos))
        with open(self.path("tmp"), "wb") as file:
            file.write(envelope.original_content)
        os.rename(self.path("tmp"), self.path("eml"))
        if answer == "lose":
            server.transport.abort()
        return f"250 queued as {Handler.count}"

    def path(self, kind):
        return os.path.join(FOLDER, f"{Handler.count}.{kind}")


def authenticate(server, session, envelope, mechanism, data):
    with open(os.path.join(FOLDER, "password"), "rb") as file:
        right = (data.login, data.password) == (b"shop", file.read())
    return AuthResult(success=right, handled=False) if not right else AuthResult(success=True)


def session():
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(CERTIFICATE, KEY)
    login = os.path.exists(os.path.join(FOLDER, "password"))
    return SMTP(
        Handler(),
        hostname="mail.test",
        ident=fault("HELLO") or "ready",
        tls_context=context if TLS == "starttls" else None,
        require_starttls=TLS == "starttls",
        authenticator=authenticate if login else None,
        auth_required=login,
        auth_require_tls=TLS == "starttls",
        enable_SMTPUTF8=True,
        loop=asyncio.get_running_loop(),
    )


async def main():
    context = None
    if TLS == "implicit":
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(CERTIFICATE, KEY)
    loop = asyncio.get_running_loop()
    server = await loop.create_server(session, "127.0.0.1", int(PORT), ssl=context)
    print(server.sockets[0].getsockname()[1], flush=True)
    # Ends with the test that started it, which holds the other end.
    await loop.run_in_executor(None, sys.stdin.read)
    os._exit(0)


asyncio.run(main())
