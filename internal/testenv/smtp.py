# A mail server that is not ours: aiosmtpd. Prints its port, and then each mail it has taken as a line of JSON. It is told by
# one argument, JSON:
#   certificate, key, password, way   demands TLS, "starttls" or "tls", and that the user mox logs in
#   token                             the user mox may also show this token, by XOAUTH2
#   imap: {host, port, user, password, folder}   puts a copy of each mail there before it answers
# What it reads says what it does from then on, and is answered by {"mode": ...}:
#   take | refuse CODE TEXT (the mail) | refuse-recipient CODE TEXT | lose (takes it, and hangs up without an answer) |
#   hang (takes it, prints {"asked": true}, and never answers)
# It ends when there is no more to read.
import asyncio
import base64
import imaplib
import json
import os
import ssl
import sys
import threading

from aiosmtpd.smtp import SMTP, AuthResult

told = json.loads(sys.argv[1]) if len(sys.argv) > 1 else {}
mode = "take"


def say(**what):
    print(json.dumps(what), flush=True)


def keep_copy(content):
    where = told.get("imap")
    if not where:
        return
    box = imaplib.IMAP4(where["host"], where["port"])
    box.login(where["user"], where["password"])
    box.create(where["folder"])
    box.append(where["folder"], None, None, content)
    box.logout()


class Taker:
    async def auth_XOAUTH2(self, server, args):
        shown = base64.b64decode(args[1]).decode() if len(args) > 1 else ""
        return AuthResult(success="token" in told and shown == f"user=mox\x01auth=Bearer {told['token']}\x01\x01", handled=False)

    async def handle_RCPT(self, server, session, envelope, address, options):
        if mode.startswith("refuse-recipient "):
            return mode.partition(" ")[2]
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server, session, envelope):
        if mode.startswith("refuse "):
            return mode.partition(" ")[2]
        say(**{"from": envelope.mail_from, "to": envelope.rcpt_tos, "content": envelope.content.decode("utf-8"), "tls": session.ssl is not None})
        keep_copy(envelope.content)
        if mode == "lose":
            server.transport.abort()
        if mode == "hang":
            say(asked=True)
            await asyncio.get_running_loop().create_future()
        return "250 OK"


def options():
    if "way" not in told:
        return {}, None
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(told["certificate"], told["key"])

    def authenticate(server, session, envelope, mechanism, data):
        return AuthResult(success=data.login == b"mox" and data.password == told["password"].encode(), handled=False)

    login = {"auth_required": True, "authenticator": authenticate}
    if told["way"] == "tls":
        return {"auth_require_tls": False, **login}, context  # it does not see that the connection is encrypted
    return {"tls_context": context, "require_starttls": True, **login}, None


def listen_to_the_test():
    global mode
    for line in sys.stdin:
        mode = line.strip()
        say(mode=mode)
    os._exit(0)


async def main():
    threading.Thread(target=listen_to_the_test, daemon=True).start()
    how, context = options()
    server = await asyncio.get_running_loop().create_server(lambda: SMTP(Taker(), **how), "127.0.0.1", 0, ssl=context)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


asyncio.run(main())
