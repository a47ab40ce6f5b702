"""Containers of Azurite for run-for-real, without any library: `azurite.py create NAME` makes one and prints its URL with a
signature, `azurite.py list NAME` prints which outputs it holds and fails if there is none. BATCHYARD_TEST_AZURITE is its address."""

import base64
import hashlib
import hmac
import os
import sys
import time
import urllib.parse
import urllib.request
import xml.etree.ElementTree as xml

# Azurite's well-known development account.
ACCOUNT = "devstoreaccount1"
KEY = base64.b64decode("Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw==")
VERSION = "2021-12-02"


def sign(text):
    return base64.b64encode(hmac.new(KEY, text.encode(), hashlib.sha256).digest()).decode()


def signed_url(name, permissions):
    """The container's URL with a service signature that holds for a day."""
    expiry = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() + 24 * 3600))
    resource = f"/blob/{ACCOUNT}/{name}"
    # Permissions, start, expiry, resource, identifier, address, protocol, version, kind, and seven that are not used.
    fields = [permissions, "", expiry, resource, "", "", "", VERSION, "c", "", "", "", "", "", "", ""]
    query = {"sp": permissions, "se": expiry, "sv": VERSION, "sr": "c", "sig": sign("\n".join(fields))}
    return f"{os.environ['BATCHYARD_TEST_AZURITE']}/{ACCOUNT}/{name}?{urllib.parse.urlencode(query)}"


def create(name):
    """Creates a container, which takes the account's key."""
    date = time.strftime("%a, %d %b %Y %H:%M:%S GMT", time.gmtime())
    headers = f"x-ms-date:{date}\nx-ms-version:{VERSION}"
    resource = f"/{ACCOUNT}/{ACCOUNT}/{name}\nrestype:container"
    text = "PUT\n" + "\n" * 11 + f"{headers}\n{resource}"
    request = urllib.request.Request(
        f"{os.environ['BATCHYARD_TEST_AZURITE']}/{ACCOUNT}/{name}?restype=container", method="PUT"
    )
    for line in headers.splitlines():
        request.add_header(*line.split(":", 1))
    request.add_header("Authorization", f"SharedKey {ACCOUNT}:{sign(text)}")
    try:
        urllib.request.urlopen(request).close()
    except urllib.error.HTTPError as error:
        if error.code != 409:  # it is there
            raise
    print(signed_url(name, "rcw"))


def show(name):
    with urllib.request.urlopen(signed_url(name, "l") + "&restype=container&comp=list") as answer:
        everything = xml.parse(answer).iter("Blob")
    blobs = [blob for blob in everything if not blob.findtext("Name").startswith("inputs/")]
    for blob in blobs:
        print(f"kept: {blob.findtext('Name')} ({blob.findtext('Properties/Content-Length')} bytes)")
    if not blobs:
        sys.exit("nothing was kept")


if __name__ == "__main__":
    {"create": create, "list": show}[sys.argv[1]](sys.argv[2])
