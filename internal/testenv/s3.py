# An object store that is not ours: OpenStack Swift with S3 in front, one of each of its servers, in one process. Started as
#   s3.py FOLDER
# where the folder is new and gets the data, it prints its URL with key and secret when a bucket can be made, and then serves
# until it is killed. What it has to say goes to standard error.
#
# Debian's packages of the servers enable some fifteen daemons; what they run is in python3-swift, which has none.
import base64
import hashlib
import hmac
import http.client
import logging.handlers
import os
import socket
import sys
from email.utils import formatdate

KEY, SECRET, REGION = "test:tester", "hemmelig-noegle", "us-east-1"

# The patience is that of a machine that runs other tests: a server that is slow is not to be taken for one that is gone. The
# container's server is told of each object before the answer, however long it takes, since nobody tells it later.
COMMON = """
[DEFAULT]
swift_dir = {root}
devices = {root}/node
mount_check = false
fallocate_reserve = 0
log_level = WARNING
log_requests = false
conn_timeout = 30
node_timeout = 60
container_update_timeout = 60
"""

SERVER = """
[app:main]
use = egg:swift#{name}
"""

PROXY = """
[pipeline:main]
pipeline = catch_errors s3api tempauth slo proxy-server

[app:proxy-server]
use = egg:swift#proxy
account_autocreate = true
error_suppression_limit = 1000000

[filter:catch_errors]
use = egg:swift#catch_errors

[filter:s3api]
use = egg:swift#s3api
location = {region}
max_upload_part_num = 10000

[filter:tempauth]
use = egg:swift#tempauth
user_{user} = {secret} .admin

[filter:slo]
use = egg:swift#slo
"""


class ToStderr(logging.handlers.SysLogHandler):
    def __init__(self, *_, **__):
        logging.Handler.__init__(self)

    def emit(self, record):
        sys.stderr.write(self.format(record) + "\n")

    def close(self):
        logging.Handler.close(self)


logging.handlers.SysLogHandler = ToStderr  # before Swift takes it: the machine's log is not for tests

os.environ["EVENTLET_NO_GREENDNS"] = "yes"  # there are no names to look up, and it takes time to load

import eventlet  # noqa: E402
from eventlet import wsgi as server  # noqa: E402
from swift.common import storage_policy, utils  # noqa: E402
from swift.common.ring import RingBuilder  # noqa: E402
from swift.common.wsgi import SwiftHttpProtocol, loadapp  # noqa: E402

utils.eventlet_monkey_patch()


# Nothing is the cache that Swift demands, and without memcached: it has always forgotten.
class Nothing:
    def get(self, *_, **__):
        return None

    set = delete = get


def main(root):
    os.makedirs(os.path.join(root, "node", "disk"))
    write(root, "swift.conf", "[swift-hash]\nswift_hash_path_suffix = mox\n")
    utils.set_swift_dir(root)
    storage_policy.reload_storage_policies()
    for name in "account", "container", "object":
        listener = eventlet.listen(("127.0.0.1", 0))
        ring(root, name, listener.getsockname()[1])
        serve(write(root, name + "-server.conf", COMMON.format(root=root) + SERVER.format(name=name)), listener)
    listener = eventlet.listen(("127.0.0.1", 0))
    proxy = PROXY.format(region=REGION, user=KEY.replace(":", "_"), secret=SECRET)
    serve(write(root, "proxy-server.conf", COMMON.format(root=root) + proxy), listener)
    port = listener.getsockname()[1]
    make_bucket(port, "foerste")
    print("http://%s:%s@127.0.0.1:%d" % (KEY.replace(":", "%3A"), SECRET, port), flush=True)
    eventlet.Event().wait()


def write(root, name, text):
    path = os.path.join(root, name)
    with open(path, "w") as file:
        file.write(text)
    return path


# ring tells where the server is: one disk that has all.
def ring(root, name, port):
    builder = RingBuilder(6, 1, 1)
    builder.add_dev({"region": 1, "zone": 1, "ip": "127.0.0.1", "port": port, "device": "disk", "weight": 1})
    builder.rebalance()
    builder.get_ring().save(os.path.join(root, name + ".ring.gz"))


def serve(config, listener):
    # A small answer waits for nothing: a header and its body are written apart.
    listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    app, cache = loadapp(config, global_conf={"log_name": os.path.basename(config)}), Nothing()

    def answer(environment, start):
        # An error that answers HEAD has no length, and the server below would end the body that is not there with a chunk:
        # clients take it for the beginning of the next answer.
        def start_with_length(status, headers, *rest):
            if environment["REQUEST_METHOD"] == "HEAD" and not any(name.lower() == "content-length" for name, _ in headers):
                headers = [*headers, ("Content-Length", "0")]
            return start(status, headers, *rest)

        return app({**environment, "swift.cache": cache}, start_with_length)

    eventlet.spawn(server.server, listener, answer, utils.NullLogger(), custom_pool=eventlet.GreenPool(1024),
                   protocol=SwiftHttpProtocol, capitalize_response_headers=False)


# make_bucket also makes the account, which tests that begin together would else all make.
def make_bucket(port, name):
    date = formatdate(usegmt=True)
    signed = hmac.new(SECRET.encode(), ("PUT\n\n\n%s\n/%s" % (date, name)).encode(), hashlib.sha1).digest()
    connection = http.client.HTTPConnection("127.0.0.1", port)
    connection.request("PUT", "/" + name, headers={"Date": date, "Authorization": "AWS %s:%s" % (KEY, base64.b64encode(signed).decode())})
    answer = connection.getresponse()
    if answer.status != 200:
        sys.exit("no bucket could be made: %d %s" % (answer.status, answer.read().decode()))
    connection.close()


main(sys.argv[1])
