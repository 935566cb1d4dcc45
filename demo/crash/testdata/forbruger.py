# Receives as a vendor's system does: a besked whose beskedID is known has been handled, and is acknowledged once more. It
# prints a line for each that it handles, and acknowledges afterwards. It stays when the broker comes and goes.
#   forbruger.py AMQP-URL QUEUE
import json
import sys
import time

import pika

# ValueError: pika takes a connection that is reset as it is made for a mistake of its caller.
BRUDT = (pika.exceptions.AMQPError, OSError, ValueError)

url, queue = sys.argv[1:3]
kendte = set()
gentaget = 0
print(json.dumps({"klar": True}), flush=True)
while True:
    try:
        c = pika.BlockingConnection(pika.URLParameters(url + "?heartbeat=10&connection_attempts=1&socket_timeout=30"))
        ch = c.channel()
        ch.basic_qos(prefetch_count=50)
        for method, properties, _ in ch.consume(queue):
            h = properties.headers
            if h["beskedID"] in kendte:
                gentaget += 1
            else:
                kendte.add(h["beskedID"])
                print(json.dumps({"besked": h["beskedID"], "objekt": h["objektID"], "nr": int(h["registreringID"]), "gentaget": gentaget}), flush=True)
            ch.basic_ack(method.delivery_tag)
    except BRUDT:
        time.sleep(0.2)
