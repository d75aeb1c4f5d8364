"""Secrets in configuration text, in forms that a redactor may not know: each line has PLANTED where a secret stands."""

from __future__ import annotations

PLANTED = "Pl4ntedZz"

_P = PLANTED
FORMS = "\n".join(
    (
        f"snmp mib community-map {_P} engineid 80000009030000",
        f"snmp-server user ops grp v3 auth sha-512 {_P} priv aes 256 {_P}",
        f"snmp-server engineID remote 192.0.2.1 {_P}",
        f"ntp authentication-key 1 hmac-sha2-256 {_P} 7",
        f"license smart register idtoken {_P} force",
        f"license activate {_P}",
        f"+ key {_P}",
        f"-crypto isakmp key {_P} address 192.0.2.1",
        f"+ memo {_P}",
        f"crypto ikev2 keyring one\n peer two\n  address 192.0.2.1\n  pre-shared-key one two, {_P}",
        f"mpls ldp neighbor 192.0.2.1 password 7 {_P}",
        f" ip rsvp authentication key {_P}",
        f" mka policy cak {_P}",
        f"username ops one-time {_P}",
        f"username ops sshkey {_P}",
        f"enable algorithm-type scrypt sekret {_P}",
        f"wlan psk-list {_P}",
        f"event manager environment _pin {_P}",
        f"alias exec go telnet 192.0.2.1 {_P}",
        f"banner login ^C call 0100 pin {_P} ^C",
        f"! note of the operator: {_P}",
        f"# note of the operator: {_P}",
        f"archive\n path ftp://ops:{_P}@192.0.2.1/x",
        f"db postgresql://ops@192.0.2.4/runs?pass={_P}",
        f"set system services webapi user ops x {_P}",
        f"deactivate system license keys key {_P}",
        f"undo acl-code {_P}",
        f"local-user ops magic irreversible {_P}",
        f"subscriber imsi 452019999999999 auc {_P}",
        f"-----BEGIN PGP PRIVATE KEY BLOCK-----\n{_P}\n-----END PGP PRIVATE KEY BLOCK-----",
        f"---- BEGIN SSH2 ENCRYPTED PRIVATE KEY ----\n{_P}\n---- END SSH2 ENCRYPTED PRIVATE KEY ----",
        f"PuTTY-User-Key-File-3: ssh-ed25519\nPrivate-Lines: 1\n{_P}\nPrivate-MAC: {_P}",
        f"crypto pki import x pkcs12 terminal\nMIIJqQIBAzCC{_P}\nquit",
        f"{_P}",
        f"word {_P}, {_P}; {_P} x",
        f'name="{_P}" odd={_P}',
    )
)
