"""An outside authority's list is fetched by a serving bus: what it revokes is refused by itself."""

import threading
import time
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from support.place import PASSPHRASE, make_place
from support.provider import Provider
from support.way import Asker, expect_refusal

from esb.admin.authority import Authority
from esb.certs.ca import sign_crl
from esb.certs.keys import load_key
from esb.kernel import rules


def test_what_a_fetched_list_revokes_is_refused(tmp_path: Path) -> None:
    published: list[bytes] = [b""]

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("Content-Length", str(len(published[0])))
            self.end_headers()
            self.wfile.write(published[0])

        def log_message(self, *_: object) -> None:
            pass

    outside = HTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=outside.serve_forever, daemon=True).start()
    provider = Provider()
    try:
        place = make_place(
            tmp_path / "home",
            provider,
            SHLUZ_CERTS_CRL_URLS=f"http://127.0.0.1:{outside.server_port}",
            SHLUZ_CERTS_CRL_MINUTES="0.005",
        )
        authority = Authority(place.home)
        root = x509.load_pem_x509_certificate(authority.certificate.read_bytes())
        key = load_key(authority.key, PASSPHRASE).private_key
        with place.serve():
            asker = Asker(place)
            assert asker.ask().reply.status == 200
            serial = place.consumers["EESMN"].certificate.serial_number
            listed = sign_crl(key, root, [(serial, time.time(), "keyCompromise")], 99, time.time(), 7)
            published[0] = listed.public_bytes(Encoding.DER)
            ends = time.monotonic() + 20
            while (exchange := asker.ask()).reply.status == 200:
                assert time.monotonic() < ends
                time.sleep(0.3)
            expect_refusal(exchange, rules.CRT_REVOKED, consumer="EESMN")
    finally:
        provider.close()
        outside.shutdown()
        outside.server_close()
