# Takes one besked from its queue, looks at the headers, answers with a Kvittering, and then acknowledges.
#   modtag.py AMQP-URL EXCHANGE QUEUE
import json
import sys
import uuid

import pika

url, exchange, queue = sys.argv[1:4]
connection = pika.BlockingConnection(pika.URLParameters(url))
channel = connection.channel()
channel.confirm_delivery()
channel.basic_qos(prefetch_count=1)
for method, properties, body in channel.consume(queue, inactivity_timeout=30):
    assert method is not None, "nothing came"
    h = properties.headers
    assert h["objekttype"] == "Sag" and h["opgaveemne"] == "02.34.02" and h["kildesystem"] == "Byggesag", h
    assert h["beskedtype"] == "Sag.Bestilt" and h["beskedversion"] == "1.0", h
    assert h["abonnementID"] == "esdh.sager" and h["leveranceforsoeg"] == 1, h
    assert json.loads(body)["ejendom"] == "Søndergade 1, Ålborg", body
    channel.basic_publish(
        exchange,
        "",
        b"",
        pika.BasicProperties(
            delivery_mode=2,
            headers={"beskedID": str(uuid.uuid4()), "beskedtype": "Kvittering", "foraarsagetAf": h["beskedID"], "handling": "accepteret"},
        ),
        mandatory=True,
    )
    channel.basic_ack(method.delivery_tag)
    break
channel.cancel()
connection.close()
print("received and answered")
