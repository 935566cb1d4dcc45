# Sends one besked with Debian's python3-pika and the header specification, and waits for MOX's answer.
#   send.py AMQP-URL EXCHANGE
import json
import sys

import pika

url, exchange = sys.argv[1:3]
connection = pika.BlockingConnection(pika.URLParameters(url))
channel = connection.channel()
channel.confirm_delivery()
answers = []
channel.basic_consume("amq.rabbitmq.reply-to", lambda c, m, p, body: answers.append((p.correlation_id, body)), auto_ack=True)
channel.basic_publish(
    exchange,
    "",
    json.dumps({"ejendom": "Søndergade 1, Ålborg"}).encode(),
    pika.BasicProperties(
        content_type="application/json",
        delivery_mode=2,
        message_id="3b0b7a52-3a2b-4a3e-9f0e-2c5f1f0a7d10",
        correlation_id="42",
        reply_to="amq.rabbitmq.reply-to",
        headers={
            "beskedID": "3b0b7a52-3a2b-4a3e-9f0e-2c5f1f0a7d10",
            "objektID": "8f6f2a0e-1c9b-4d0e-9a54-2f6a3a1d7c11",
            "objekttype": "Sag",
            "handling": "Bestilt",
            "registreringstid": "2026-03-02T09:15:00Z",
            "bruger": "sagsbehandler-7",
            "opgaveemne": "02.34.02",
        },
    ),
    mandatory=True,
)
while not answers:
    connection.process_data_events(time_limit=1)
correlation, body = answers[0]
assert correlation == "42", correlation
assert json.loads(body)["StatusKode"] == 20, body
connection.close()
print("sent, answered 20")
