# A mail server that is not ours: aiosmtpd. Prints its port, and then each mail it has taken as a line of JSON.
#   smtp.py CERTIFICATE KEY PASSWORD starttls|tls   demands TLS in that way, and the user mox
#   smtp.py                                         neither
import asyncio
import json
import os
import ssl
import sys
import threading

from aiosmtpd.smtp import SMTP, AuthResult


class Taker:
    async def handle_DATA(self, server, session, envelope):
        print(json.dumps({"from": envelope.mail_from, "to": envelope.rcpt_tos, "content": envelope.content.decode("utf-8"), "tls": session.ssl is not None}), flush=True)
        return "250 OK"


def options():
    if len(sys.argv) == 1:
        return {}, None
    certificate, key, password, way = sys.argv[1:5]
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)

    def authenticate(server, session, envelope, mechanism, data):
        return AuthResult(success=data.login == b"mox" and data.password == password.encode(), handled=False)

    login = {"auth_required": True, "authenticator": authenticate}
    if way == "tls":
        return {"auth_require_tls": False, **login}, context  # it does not see that the connection is encrypted
    return {"tls_context": context, "require_starttls": True, **login}, None


def end_with_the_test():
    sys.stdin.read()
    os._exit(0)


async def main():
    threading.Thread(target=end_with_the_test, daemon=True).start()
    how, context = options()
    server = await asyncio.get_running_loop().create_server(lambda: SMTP(Taker(), **how), "127.0.0.1", 0, ssl=context)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


asyncio.run(main())
