"""A real nginx with the configuration that the documents recommend; only names, ports and paths are the test's."""

from __future__ import annotations

import os
import shutil
import socket
import ssl
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from tests.process.conftest import eventually, free_port, kill

NAME = "executor.example.com"
_DOCUMENTED = Path(__file__).resolve().parents[2] / "docs" / "nginx.conf"
_PROGRAM = shutil.which("nginx") or shutil.which("/usr/sbin/nginx")

_AROUND = """
daemon off;
worker_processes 1;
pid {folder}/nginx.pid;
error_log {folder}/main.error.log error;
{user}
events {{ worker_connections 768; }}
http {{
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
    include {folder}/executor.conf;
}}
"""


@dataclass(frozen=True)
class Nginx:
    """`tls` trusts the certificate, which was made for this test."""

    plain_port: int
    port: int
    folder: Path
    tls: ssl.SSLContext

    def connect(self) -> ssl.SSLSocket:
        raw = socket.create_connection(("127.0.0.1", self.port), timeout=5)
        return self.tls.wrap_socket(raw, server_hostname=NAME)

    def logged(self) -> str:
        return "".join(path.read_text(errors="replace") for path in self.folder.glob("*.log"))


@contextmanager
def running_nginx(folder: Path, *, web_port: int) -> Iterator[Nginx]:
    """Start nginx before a web process; skips with the reason where there is none (REQUIRE_NGINX=1: fails)."""
    if _PROGRAM is None:
        missing = "no nginx: `apt-get install nginx-light`"
        pytest.fail(missing) if os.environ.get("REQUIRE_NGINX") == "1" else pytest.skip(missing)
    found = Nginx(free_port(), free_port(), folder, _certify(folder))
    (folder / "executor.conf").write_text(_documented(found, web_port))
    user = "user root;" if os.geteuid() == 0 else ""
    (folder / "nginx.conf").write_text(_AROUND.format(folder=folder, user=user))
    line = [_PROGRAM, "-p", str(folder), "-c", str(folder / "nginx.conf")]
    with (folder / "start.log").open("wb") as log:
        process = subprocess.Popen(line, stdout=log, stderr=log, start_new_session=True)
    try:
        eventually(lambda: _listens(found.port) or process.poll() is not None)
        assert process.poll() is None, found.logged()
        yield found
    finally:
        kill(process)


def _documented(found: Nginx, web_port: int) -> str:
    """The documented file with the places of this test; each must be there to be replaced."""
    text = _DOCUMENTED.read_text()
    places = {
        "listen 80;": f"listen 127.0.0.1:{found.plain_port};",
        "listen 443 ssl;": f"listen 127.0.0.1:{found.port} ssl;",
        "server 127.0.0.1:8080;": f"server 127.0.0.1:{web_port};",
        f"/etc/letsencrypt/live/{NAME}": str(found.folder),
        "/var/log/nginx": str(found.folder),
    }
    for documented, own in places.items():
        assert documented in text
        text = text.replace(documented, own)
    return text


def _listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def _certify(folder: Path) -> ssl.SSLContext:
    """A key and a certificate of its own for NAME."""
    return ssl.create_default_context(cadata=certify(folder, NAME))


def certify(folder: Path, name: str) -> str:
    """Lay a new key and a certificate made with it into a folder; the certificate as PEM."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    pem = made.public_bytes(serialization.Encoding.PEM)
    (folder / "fullchain.pem").write_bytes(pem)
    (folder / "privkey.pem").write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    return pem.decode()
