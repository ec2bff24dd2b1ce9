"""Those who may not come in: wrong certificates on either side, old protocols, renegotiation, and a grant that is gone."""

import os
import re
import ssl
import subprocess
import time

import speech
from maser_client import Failed
from trial import Skipped, attack
from victim import Victim

FORBIDDEN = 24


def openssl(folder, *arguments, data=b"", seconds=20):
    done = subprocess.run(["openssl", *arguments], input=data, capture_output=True, cwd=folder, timeout=seconds)
    return done.returncode, (done.stdout + done.stderr).decode(errors="replace")


def sign(folder, name, key, extensions, days=1, subject="/CN=stranger", ca="ca"):
    """A certificate of the CA in the folder; a negative number of days makes one that has expired."""
    with open(os.path.join(folder, name + ".ext"), "w") as file:
        file.write(extensions + "\n")
    for arguments in (
        ["req", "-new", "-key", key, "-subj", subject, "-out", name + ".csr"],
        ["x509", "-req", "-in", name + ".csr", "-CA", ca + ".pem", "-CAkey", ca + ".key", "-set_serial",
         str(int.from_bytes(os.urandom(8), "big")), "-days", str(days), "-extfile", name + ".ext", "-out", name],
    ):
        code, said = openssl(folder, *arguments)
        if code:
            raise RuntimeError(said)


def self_sign(folder, name, key, subject="/CN=stranger", *more):
    made = openssl(
        folder, "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "1", "-subj", subject,
        "-keyout", key, "-out", name, *more)
    if made[0]:
        raise RuntimeError(made[1])


def alert(trial, certificate, key):
    """What a client with this certificate is told: the alert of the server."""
    context = trial.victim.context(certificate, key)
    # A client that looks at nothing.
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    try:
        stream = trial.victim.tls(context)
        try:
            speech.say_hello(stream)
            return "let in"
        finally:
            stream.close()
    except ssl.SSLError as error:
        return (error.reason or str(error)).lower().replace("_", " ").removeprefix("tlsv1 ").removeprefix("tlsv13 ").removeprefix("sslv3 ")
    except OSError as error:
        return f"closed without an alert ({error})"


@attack("wrong client certificates", "expired, self-signed, of another CA, a server's, none", 32)
def wrong_clients(trial):
    folder = trial.victim.certificates
    sign(folder, "expired.pem", "client.key", "extendedKeyUsage=clientAuth", days=-1)
    self_sign(folder, "self.pem", "self.key", "/CN=client", "-addext", "extendedKeyUsage=clientAuth")
    self_sign(folder, "other-ca.pem", "other-ca.key", "/CN=other CA")
    sign(folder, "other.pem", "client.key", "extendedKeyUsage=clientAuth", ca="other-ca")
    wanted = {
        ("expired.pem", "client.key"): "alert certificate expired",
        ("self.pem", "self.key"): "alert unknown ca",
        ("other.pem", "client.key"): "alert unknown ca",
        ("server.pem", "server.key"): "alert (bad|unsupported) certificate",
        (None, None): "alert certificate required",
    }
    for (certificate, key), pattern in wanted.items():
        told = [alert(trial, certificate, key) for _ in range(trial.size(50, 2))]
        trial.expect(all(re.search(pattern, each) for each in told), f"{certificate}: {speech.tally(told)}")
        trial.see(f"{certificate or 'none'}: {told[0]}")


@attack("wrong server certificates", "expired, self-signed and for another name, shown to `maser`", 32)
def wrong_servers(trial):
    folder = trial.victim.certificates
    sign(folder, "expired-server.pem", "server.key", "subjectAltName=IP:127.0.0.1", days=-1)
    sign(folder, "elsewhere.pem", "server.key", "subjectAltName=DNS:elsewhere.example")
    self_sign(folder, "impostor.pem", "impostor.key", "/CN=127.0.0.1", "-addext", "subjectAltName=IP:127.0.0.1")
    for certificate, key, words in (
        ("expired-server.pem", "server.key", "expired on"),
        ("impostor.pem", "impostor.key", "not signed by a CA that this client trusts"),
        ("elsewhere.pem", "server.key", "is for elsewhere.example, not for 127.0.0.1"),
    ):
        impostor = subprocess.Popen(
            ["openssl", "s_server", "-accept", "127.0.0.1:0", "-cert", certificate, "-key", key, "-www"],
            cwd=folder, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        try:
            line = next(line for line in impostor.stdout if line.startswith("ACCEPT "))
            done = subprocess.run(
                [trial.victim.binary, "tables"], stdin=subprocess.DEVNULL, capture_output=True, text=True,
                env={**os.environ, **trial.victim.environment, "MASER_ENDPOINT": line.split()[1]})
        finally:
            impostor.kill()
            impostor.wait()
            impostor.stdout.close()
        trial.expect(done.returncode == 1 and words in done.stderr, f"{certificate}: {done.stderr}")
        trial.see(words)


def s_client(trial, *arguments, data=b"", victim=None):
    victim = victim or trial.victim
    return openssl(
        victim.certificates, "s_client", "-connect", f"127.0.0.1:{victim.port}", "-CAfile", "ca.pem", "-cert", "client.pem",
        "-key", "client.key", "-cipher", "ALL:@SECLEVEL=0", *arguments, data=data)


@attack("downgrade", "TLS 1.0, 1.1 and 1.2 of a server that was given no --tls", 32)
def downgrade(trial):
    for version in ("-tls1", "-tls1_1", "-tls1_2"):
        code, said = s_client(trial, version)
        told = re.search(r"(alert [a-z ]+|no protocols available|[a-z ]*protocol version)", said)
        trial.expect("Cipher is (NONE)" in said or "Cipher    : 0000" in said, f"{version}: {said[-300:]}")
        trial.see(f"{version[1:]}: {told.group(1) if told else code}")


@attack("renegotiation", "asked for under TLS 1.2, of a server with --tls 1.2", 32)
def renegotiation(trial):
    with Victim(trial.victim.binary, "--tls", "1.2") as other:
        try:
            other.start()
        except RuntimeError as error:
            raise Skipped(f"this server knows no --tls 1.2: {error}")
        began, told = time.monotonic(), []
        for _ in range(trial.size(20, 2)):
            # R asks for it; nothing that comes after it may be answered.
            code, said = s_client(trial, "-tls1_2", data=b"R\n", victim=other)
            trial.expect("TLSv1.2" in said, f"no TLS 1.2: {said[-300:]}")
            found = re.search(r"(no renegotiation|alert [a-z ]+)", said)
            told.append(found.group(1) if found else f"ended with {code}")
            trial.expect(found is not None, f"renegotiated: {said[-500:]}")
        trial.see(speech.tally(told))
        for version in ("-tls1", "-tls1_1"):
            code, said = s_client(trial, version, victim=other)
            trial.expect("Cipher is (NONE)" in said or "Cipher    : 0000" in said, f"{version}: {said[-300:]}")


@attack("a grant just removed", "a caller goes on asking on its open connection, and for what it never might", 32)
def removed_grant(trial):
    if "--grants" not in subprocess.run([trial.victim.binary, "serve", "--help"], capture_output=True, text=True).stdout:
        raise Skipped("this server knows no --grants")
    with Victim(trial.victim.binary) as other:
        grants = os.path.join(other.folder, "grants")
        other.flags = ["--grants", grants]

        def grant(*lines):
            with open(grants + ".new", "w") as file:
                file.write("".join(line + "\n" for line in ("client admin *", *lines)))
            os.rename(grants + ".new", grants)

        grant("mallory read table cities")
        sign(other.certificates, "mallory.pem", "client.key", "extendedKeyUsage=clientAuth\nsubjectAltName=DNS:mallory",
             subject="/CN=mallory")
        other.start()
        other.fill()
        mallory, owner = other.client("mallory.pem"), other.client()
        trial.expect(mallory.get("cities", "city5") == {"people": 5}, "what is granted is refused")
        for what, ask in {
            "get": lambda: mallory.get("books", 1),
            "scan": lambda: next(mallory.scan("books")),
            "fold": lambda: mallory.connection.call("fold", table="books", key=b""),
            "append": lambda: mallory.append("orders", [{"value": b"{}"}]),
            "read": lambda: mallory.read("orders", 0, 0),
            "status": lambda: mallory.connection.call("status"),
        }.items():
            code, seen = refused(ask)
            # Of a server as a whole it sees what it has a right on.
            hidden = what == "status" and {table["name"] for table in seen["tables"]} == {"cities"} and not seen["categories"]
            trial.expect(code == FORBIDDEN or hidden, f"{what} without a grant: {code}")
        grant()
        other.reload()
        began = time.monotonic()
        code, answered = None, 0
        while code is None and time.monotonic() - began < 10:
            code, _ = refused(lambda: mallory.get("cities", "city5"))
            answered += code is None
            time.sleep(0.01)
        trial.expect(code == FORBIDDEN, f"10 s after its grant was removed it is still answered ({code})")
        trial.see(f"code {code} (forbidden) on the open connection {(time.monotonic() - began) * 1000:.0f} ms after SIGHUP")
        trial.expect(owner.get("cities", "city5") == {"people": 5}, "others are refused too")


def refused(ask):
    """The code of the failure, or what was answered."""
    try:
        return None, ask()
    except Failed as failure:
        return failure.code, None
