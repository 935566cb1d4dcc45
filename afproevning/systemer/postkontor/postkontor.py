# The municipality's mail server: aiosmtpd. Prints its port, and each mail that it has taken as a line of JSON. "tab N" on
# standard input lets it take the next N mails and hang up without an answer; "smid N" lets it answer for N and lose them.
import asyncio
import json
import os
import sys
import threading

from aiosmtpd.smtp import SMTP

tab = smid = 0


class Modtager:
    async def handle_DATA(self, server, session, envelope):
        global tab, smid
        if smid > 0:
            smid -= 1
            return "250 OK"
        print(json.dumps({"til": envelope.rcpt_tos, "mail": envelope.content.decode("utf-8")}), flush=True)
        if tab > 0:
            tab -= 1
            server.transport.abort()
        return "250 OK"


def lyt():
    global tab, smid
    for linje in sys.stdin:
        hvad, antal = linje.split()
        if hvad == "tab":
            tab = int(antal)
        else:
            smid = int(antal)
    os._exit(0)


async def main():
    threading.Thread(target=lyt, daemon=True).start()
    server = await asyncio.get_running_loop().create_server(lambda: SMTP(Modtager()), "127.0.0.1", 0)
    print(json.dumps(server.sockets[0].getsockname()[1]), flush=True)
    await server.serve_forever()


asyncio.run(main())
