# Tells of many objekter through a broker that comes and goes: a besked that has not been confirmed is sent again, with the
# same beskedID, before the next one about its objekt. Each line it reads says how many it may have sent in all.
#   udgiver.py AMQP-URL EXCHANGE BESKEDER OBJEKTER
import json
import sys
import threading
import time
import uuid

import pika

# ValueError: pika takes a connection that is reset as it is made for a mistake of its caller.
BRUDT = (pika.exceptions.AMQPError, OSError, ValueError)

url, exchange, antal, objekter = sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4])
TRAADE = 8  # each has its own objekter, a connection, and one unconfirmed besked at most
ROM = uuid.UUID("6ba7b811-9dad-11d1-80b4-00c04fd430c8")
gentagne = [0] * TRAADE
tilladt = 0
mere = threading.Condition()


def kanal():
    while True:
        try:
            c = pika.BlockingConnection(pika.URLParameters(url + "?heartbeat=10&connection_attempts=1&socket_timeout=30"))
            ch = c.channel()
            ch.confirm_delivery()
            return c, ch
        except BRUDT:
            time.sleep(0.2)


def besked(i):
    objekt, nr = i % objekter, i // objekter + 1
    id = str(uuid.uuid5(ROM, f"besked/{objekt}/{nr}"))
    return pika.BasicProperties(
        content_type="application/json",
        delivery_mode=2,
        message_id=id,
        headers={
            "beskedID": id,
            "objektID": str(uuid.uuid5(ROM, f"objekt/{objekt}")),
            "objekttype": "Sag",
            "livscykluskode": "Rettet",
            "registreringID": str(nr),
            "registreringstid": f"2026-03-02T{nr // 3600 % 24:02}:{nr // 60 % 60:02}:{nr % 60:02}Z",
            "aktoer": "cccccccc-0000-4000-8000-000000000003",
            "objektreference": f"https://byggesag.example/sag/{objekt}",
            "kildesystem": "Byggesag",
        },
    )


def send(traad):
    c, ch = kanal()
    for i in range(antal):
        if i % objekter % TRAADE != traad:
            continue
        with mere:
            mere.wait_for(lambda: i < tilladt)
        while True:
            try:
                ch.basic_publish(exchange, "", b"", besked(i), mandatory=True)  # returns when the broker has confirmed
                break
            except BRUDT:
                gentagne[traad] += 1
                try:
                    c.close()
                except BRUDT:
                    pass
                c, ch = kanal()
    c.close()


print(json.dumps({"klar": True}), flush=True)
traade = [threading.Thread(target=send, args=(t,)) for t in range(TRAADE)]
for t in traade:
    t.start()
while tilladt < antal:
    n = int(sys.stdin.readline())
    with mere:
        tilladt = n
        mere.notify_all()
for t in traade:
    t.join()
print(json.dumps({"sendt": antal, "gentaget": sum(gentagne)}), flush=True)
