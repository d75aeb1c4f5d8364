"""Nothing that is secret passes the sink, nothing else is touched, and hostile text costs linear time."""

from __future__ import annotations

import json
import logging
import re
from io import StringIO

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from eventready.core.redaction import redaction, secret_lines
from eventready.core.redaction.redaction import (
    MIN_SUBSTRING_LENGTH,
    REDACTED,
    RedactingFilter,
    Redactor,
    guard_logging,
    redact,
    register,
)

pytestmark = pytest.mark.slow

S = "hunter2Zz"
CONFIGURATION = [
    # cisco
    f"enable secret 9 {S}",
    f"enable secret level 15 5 {S}",
    f"enable password 7 {S}",
    f"username netops privilege 15 secret 9 {S}",
    f"username netops password 0 {S}",
    f" password 7 {S}",
    f"snmp-server community {S} RO",
    f"snmp-server host 192.0.2.9 version 2c {S}",
    f"snmp-server host 192.0.2.9 traps {S}",
    f"snmp-server user ops grp v3 auth sha {S} priv aes 128 {S}",
    f"tacacs-server key 7 {S}",
    f"radius-server host 192.0.2.7 key {S}",
    f" key 7 {S}",
    f" key-string 7 {S}",
    f" neighbor 192.0.2.1 password 7 {S}",
    f" ip ospf message-digest-key 1 md5 7 {S}",
    f" ip ospf authentication-key {S}",
    f" standby 10 authentication {S}",
    f" standby 10 authentication md5 key-string 7 {S}",
    f" vrrp 5 authentication text {S}",
    f"ntp authentication-key 1 md5 {S} 7",
    f"crypto isakmp key {S} address 0.0.0.0",
    f" security wpa psk set-key ascii 0 {S}",
    f" wpa-psk ascii 0 {S}",
    f" isis password {S}",
    f"  pre-shared-key {S}",
    # what begins like a word that is none
    f"key chain-{S}",
    f"key is-{S}",
    f"MOD IKEPEER: PEERNAME=a, CFMPKEY={S};",
    f" security wpa psk wpa-{S}",
    f" security wpa psk sae-{S}",
    f"snmp-server host 192.0.2.9 vrf MGMT version 2c {S}",
    f"snmp-server user ops grp v3 encrypted auth md5 {S} priv des56 {S}",
    f"tacacs-server host 192.0.2.7 single-connection timeout 5 key 7 {S}",
    f"radius-server host 192.0.2.7 auth-port 1812 acct-port 1813 key 7 {S}",
    f" server-private 192.0.2.7 auth-port 1812 key 7 {S}",
    f" client 192.0.2.7 server-key 7 {S}",
    f"  pre-shared-key local 6 {S}",
    f" set session-key inbound esp 256 cipher {S} authenticator {S}",
    f" set session-key outbound ah 256 {S}",
    f" ospfv3 encryption ipsec spi 256 esp null sha1 7 {S}",
    f"ntp-service authentication-keyid 1 authentication-mode md5 cipher {S}",
    f"snmp-server community {S} view v1 RO",
    f" security static-wep-key encryption 104 ascii 0 {S}",
    f" ipv6 ospf authentication ipsec spi 500 sha1 7 {S}",
    f" ospfv3 encryption ipsec spi 256 esp aes-cbc 128 {S} sha1 {S}",
    f" ip nhrp authentication {S}",
    f" authentication mode hmac-sha-256 7 {S}",
    f"ip msdp password peer 192.0.2.1 7 {S}",
    # with spaces, as far as the line goes
    f" key-string Tra Vinh {S}",
    f" security wpa psk set-key ascii 0 xin chao {S}",
    f" wpa-psk ascii 0 xin chao {S}",
    f" password 0 xin chao {S}",
    # hostapd
    f"wpa_passphrase={S}",
    f"wpa_passphrase=Tra Vinh, 30 nam {S}",
    f"sae_password=xin chao {S}|mac=02:01:02:03:04:05",
    f"auth_server_shared_secret=a, b; {S}",
    f"wep_key0={S}",
    f"ap_pin={S}",
    f"r0kh=02:01:02:03:04:05 r0kh-1.example.com {S}",
    f"Line 9: Invalid PSK '{S}'.",
    # huawei
    f" snmp-agent target-host trap address udp-domain 192.0.2.9 params securityname {S} v2c",
    f" snmp-agent target-host trap address udp-domain 192.0.2.9 params securityname cipher {S} v2c",
    f" md5-password cipher 192.0.2.1 {S}",
    f" security wep share-key {S}",
    f" local-user ops password irreversible-cipher {S}",
    f" set authentication password cipher {S}",
    f" snmp-agent community read cipher {S}",
    f" snmp-agent usm-user v3 ops authentication-mode sha cipher {S}",
    f" ospf authentication-mode md5 1 cipher {S}",
    f" vrrp vrid 1 authentication-mode md5 {S}",
    f" isis authentication-mode simple plain {S}",
    f" radius-server shared-key cipher {S}",
    f" security wpa2 psk pass-phrase {S} aes",
    f" peer 192.0.2.1 password cipher {S}",
    " local-user ops password irreversible-cipher $1c$abcDEF$hunter2Zz$",
    "ftp %^%#hunter2Zz;:'(%^%# end",
    # frr and osmocom
    f" ipv6 ospf6 authentication key-id 1 hash-algo md5 key {S}",
    f" ip rip authentication string {S}",
    f"password {S}",
    f"enable password {S}",
    f" isis password clear {S}",
    f" password-encryption\npassword 8 {S}",
    " subscriber imsi 452019999999999 update aud3g milenage k 0123456789abcdef0123456789abcdef opc "
    "fedcba98765432100123456789abcdef",
    # mml
    f'%%/*1*/LGI:OP="ops",PWD="{S}";%%',
    f"MOD OP: OPNAME=ops, OLDPWD={S}, NEWPWD={S};",
    f'ADD SNMPCOMM: COMMUNITY="{S}";',
    f'ADD IKEPEER: PEERNAME="a", PKEY="{S}";',
    f'MOD OP: OPNAME="ops", PASSWORD="{S}", CFM="{S}";',
    # the value goes on after a blank, a comma, a semicolon
    f"enable password 0 one {S}",
    f"username netops password 0 one, two; {S}",
    f"password = one, {S}",
    f"neighbor 192.0.2.1 password one;{S}",
    f" local-user ops password simple one two {S}",
    f"snmp-server community one,{S} RO",
    # forms that no rule names
    f"snmp mib community-map {S} engineid 80000009030000",
    f"snmp-server user ops grp v3 auth sha-256 {S} priv aes 256 {S}",
    f"snmp-server user ops grp v3 auth sha clear {S} priv aes 128 clear {S}",
    f"ntp authentication-key 1 hmac-sha2-256 {S}",
    f"ntp authentication-key 1 hmac-sha2-256 7 {S}",
    f"license smart register idtoken {S} force",
    f"license smart trust idtoken {S} all",
    f"  pre-shared-key local {S}",
    f"  authentication local pre-share key {S}",
    f"mpls ldp neighbor 192.0.2.1 password {S}",
    f"mpls ldp password option 1 for 10 0 {S}",
    f" ip rsvp authentication key {S}",
    f" rsvp authentication-key cipher {S}",
    f" rsvp neighbor 192.0.2.1 authentication password {S}",
    f"rocommunity {S} 192.0.2.0/24",
    f"rocommunity6 {S}",
    f" auth_pass {S}",
    f"set system login user ops authentication plain-text-password-value {S}",
    f'set system root-authentication encrypted-password "{S}"',
    f'set snmp community "{S}" authorization read-only',
    f"set protocols bgp group x authentication-key {S}",
    f"set security ike policy x pre-shared-key ascii-text {S}",
    f"/snmp community set [ find default=yes ] name={S}",
    f"/ppp secret add name=x password={S} service=l2tp",
    f"/interface wireless security-profiles set x wpa2-pre-shared-key={S}",
    f"add name=x remote-address=192.0.2.1 tcp-md5-key={S}",
    f'snmp community "{S}" hash2 rwa version both',
    f"credentials {S}",
    f"api-token {S}",
    f"X-Auth-Token: {S}",
    f"Authorization token {S}",
    f"mka pre-shared-key cak-key {S}",
    # MML, IPsec and RSVP of VRP, servers by name, variables of EEM
    f'ADD USER: USERNAME="ops", PSWD="{S}";',
    f'MOD OP: OPNAME="ops", WORKKEY="{S}", MODE=ON;',
    f'ADD CERT: PRVKEY="{S}";',
    f"SET SECKEY: SECKEY={S};",
    f'ADD SNMPCOMM: COMMNAME="{S}", RIGHT=RO;',
    f"     Community name  =  {S}",
    f'SET NTP: AUTHSTR="{S}";',
    f" sa string-key inbound esp {S}",
    f" sa string-key outbound ah cipher {S}",
    " sa authentication-hex inbound ah simple 0123456789abcdef0123456789abcdef",
    " sa encryption-hex outbound esp fedcba98765432100fedcba987654321",
    f" rsvp authentication {S}",
    f" mpls rsvp-te authentication plain {S}",
    f" ip rsvp authentication key {S}",
    f"tacacs server T key 7 {S}",
    f"radius server R key {S}",
    f" key authentication simple {S}",
    f"event manager environment _email_pass {S} and more",
    f"event manager environment db_pw {S}",
    # URLs, headers, JSON in a string, lists
    f"copy ftp://ops:a@{S}@192.0.2.1/file",
    f"archive path ftp://ops:a/{S}@192.0.2.1/file",
    f"Authorization: Basic {S}==",
    f'curl -H "Authorization: Bearer {S}" https://192.0.2.1/',
    f"Cookie: session={S}",
    f'{{"body": "{{\\"password\\": \\"{S}\\"}}"}}',
    f"DB_PW={S}",
    f"Keyring    Hostname/Address    Preshared Key\n\ndefault    192.0.2.1    {S}\nother    192.0.2.2    {S}",
    # Ansible, programs and their arguments, tokens, chats, Net-SNMP
    f"ansible_ssh_pass: {S}",
    f"ansible_become_pass={S}",
    f"db.pass = {S}",
    f"bindpw {S}",
    f"mật khẩu: {S}",
    f"Mật khẩu = {S}",
    f"mat khau: {S}",
    f"sshpass -p {S} ssh ops@192.0.2.1",
    f"sshpass -p{S} ssh ops@192.0.2.1",
    f"mysqldump -u root -p{S} records",
    f"snmpget -v2c -c {S} 192.0.2.1 sysDescr",
    f"snmpwalk -v3 -u ops -a SHA -A {S} -x AES -X {S} 192.0.2.1",
    f"bearer {S}{S}{S}",
    f"jwt: eyJhbGciOiJIUzI1NiJ9.{S}.abc",
    f"https://192.0.2.1/list?key={S}&page=1",
    f"JSESSIONID={S}",
    f"session_id={S}",
    f"tgram://{S}/123/",
    f"slack://A/B/{S}",
    f"https://hooks.slack.com/services/T0/B0/{S}",
    f"https://api.telegram.org/bot123:{S}/sendMessage",
    f"redis://:{S}@192.0.2.1:6379/0",
    f"createUser ops SHA {S} AES {S}",
    f"createUser -e 0x80 ops SHA-256 {S} AES {S}",
    f"com2sec readers default {S}",
    f"trap2sink 192.0.2.1 {S}",
    f" hsrp 1 authentication {S}",
    # the same lines in a difference
    f"+snmp-server community {S} RO",
    f"- password 7 {S}",
    f"+ key 7 {S}",
    f"-enable secret 9 {S}",
    f"> key-string {S}",
    f"!+ neighbor 192.0.2.1 password {S}",
    # elsewhere
    f"postgresql://ops@192.0.2.4/runs?sslmode=require&password={S}",
    f"postgresql://ops@192.0.2.4/runs?password={S}&sslmode=require",
    f"password: {S}",
    f'{{"password": "{S}", "community": "{S}"}}',
    f"ConnectHandler(host='x', password='{S}', secret='{S}')",
    f"EVENTREADY_API_KEY={S}",
    f"postgresql://ops:{S}@192.0.2.4/runs",
    "$6$saltsalt$abcdefghijklmnop/hunter2Zz",
    f"-----BEGIN RSA PRIVATE KEY-----\n{S}\nabc=\n-----END RSA PRIVATE KEY-----",
    f"-----BEGIN PRIVATE KEY-----\n{S}\ncut off",
    f"-----BEGIN ENCRYPTED PRIVATE KEY-----\n{S}\n-----END ENCRYPTED PRIVATE KEY-----",
    f"-----BEGIN OPENSSH PRIVATE KEY-----\n{S}\n-----END OPENSSH PRIVATE KEY-----",
    f"-----BEGIN PGP PRIVATE KEY BLOCK-----\nVersion: x\n\n{S}\n-----END PGP PRIVATE KEY BLOCK-----",
    f"-----BEGIN PGP MESSAGE-----\n{S}\n-----END PGP MESSAGE-----",
    f"---- BEGIN SSH2 ENCRYPTED PRIVATE KEY ----\nComment: x\n{S}\n---- END SSH2 ENCRYPTED PRIVATE KEY ----",
    f"-----BEGIN PKCS12-----\n{S}\n-----END PKCS12-----",
    f"PuTTY-User-Key-File-3: ssh-ed25519\nPublic-Lines: 1\nAAAA\nPrivate-Lines: 1\n{S}\nPrivate-MAC: {S}",
    f"crypto pki import x pkcs12 terminal\nMIIJqQIBAzCCCW8GCSqGSIb3DQEHAaCCCWAEgglcMIIJ{S}Ab3\nquit",
]


B = "MIIJqQIBAzCCCW8GCSqGSIb3DQEHAaCCCWAEgglcMIIJWDCCA9"
#: Texts of several lines, and lines of other programs.
FORMS = {
    "isakmp keys": f"Keyring  Hostname/Address  Preshared Key\n\ndefault  10.0.0.1   {S}\n     10.0.0.2   {S}\n",
    "isakmp keys with a rule": f"Keyring  Hostname/Address  Preshared Key  \n---- ---\ndefault    10.0.0.1    {S}\n",
    "backslash": f"username ops privilege 15 secret 9 $9$abc\\\n{S}{S}",
    "community below": f"snmp-server community\n  {S}",
    "secret below": f"enable secret\n {S}",
    "open quotes": f'set system login user x authentication encrypted-password "\n{S}"',
    "colon": f"password:\n{S}",
    "equals": f"psk=\n{S}",
    "key-string below": f"key-string\n   {S}\n exit",
    "yaml literal": f"password: |\n  {S}\n",
    "yaml folded": f"password: >-\n  {S}\nother: x",
    "yaml list": f"secret:\n  - {S}\n",
    "json": f'"password":\n   "{S}"',
    "xml below": f"<password>\n{S}\n</password>",
    "xml": f"<password>{S}</password>",
    "xml and end": f"<key-string>\n   {S}</key-string>",
    "vrrp": f"  Auth type : SIMPLE TEXT   Auth key : {S}\n",
    "vrrp mixed case": f"    Auth Type : MD5\n    Auth Key : {S}\n",
    "hostapd psk file": f"# x\n00:00:00:00:00:00 {S}\nkeyid=a 11:22:33:44:55:66 {S}\nvlanid=3 11:22:33:44:55:66 {S}",
    "pkcs12": f"crypto pki import X pkcs12 terminal\n{B}\n{B[:20]}Ab1=\nquit",
    "pkcs12 after a prompt": f"% Enter PKCS12:\n{B}\nQzplantedx0==\n",
    "pkcs12 framed": f"-----BEGIN PKCS12-----\n{B}\nQzplantedx0==\n-----END PKCS12-----",
    "pkcs12 with a short end": f"Exporting PKCS12:\n{B}\nshort1Aa==",
    "chap": f"ppp chap password 0\n {S}",
    "mml wrapped": f'ADD USER:USERNAME="a",\n PSWD="{S}";',
    "mml value below": f'ADD USER:USERNAME="a",PSWD=\n"{S}";',
    "junos continued": f'set security ike policy x pre-shared-key ascii-text \\\n "{S}"',
    "junos mark": f"    {S}; ## SECRET-DATA",
    "routeros": f"/ppp secret add name=x password=\\\n    {S}",
    "routeros in quotes": f'/interface wireless security-profiles set wpa2-pre-shared-key="{S[:4]}\\\n    {S}"',
    "continued": f"snmp-server user u g v3 auth sha \\\n  {S} priv aes 128 {S}",
    "htpasswd": f"admin:$apr1$abc$defghijk{S}",
    "shadow": f"root:$y$j9T$abc{S}$xyz:1:0",
    "netrc below": f"machine x\n login y\n password\n  {S}",
    "listing": f"WORKKEY              =  {S}",
    "command": f"PSWD={S}",
    "table": f"SECKEY  {S}",
    "curl": f"curl -s -u user:{S} https://x",
}


@pytest.mark.attack(family="secrets in answers")
@pytest.mark.parametrize("name", FORMS)
def test_a_secret_in_several_lines_is_not_seen(name: str) -> None:
    shown = redact(FORMS[name])
    assert not [part for part in (S, "Qzplantedx0", B[:20], "short1Aa") if part in shown]
    assert shown.count("\n") == FORMS[name].count("\n") or "BEGIN" in shown


@pytest.mark.parametrize(
    "text",
    [
        " authentication-mode password\n user privilege level 15",
        "security wpa akm psk\nsecurity wpa wpa2",
        "00:11:22:33:44:55 dynamic Gi0/1",
        "login password\nexit",
        '["secret"\n]',
    ],
)
def test_a_keyword_at_the_end_of_a_line_takes_no_other_line(text: str) -> None:
    assert redact(text) == text


@pytest.mark.attack(family="secrets in lines")
@pytest.mark.parametrize("line", CONFIGURATION)
def test_a_secret_in_a_configuration_is_not_seen(line: str) -> None:
    cleaned = Redactor().redact(f"before\n{line}\nafter\n")
    assert S not in cleaned
    assert "0123456789abcdef" not in cleaned
    assert "fedcba98765432100" not in cleaned
    assert REDACTED in cleaned
    assert cleaned.startswith("before\n")


#: Without a keyword, or with a word of another meaning in configurations: kept, unless the value is a known secret.
LEFT = [
    f"pass: {S}",
    f"pin {S}",
    f"echo {S} | passwd --stdin ops",
    f'echo "ops:{S}" | chpasswd',
    f"openssl enc -k {S}",
    f"net use x: //192.0.2.1/s /user:ops {S}",
    f"http-basic-auth ops {S}",
    f"seed: {S}",
    f"contraseña: {S}",
    f"the word for tonight is {S}",
]


@pytest.mark.attack(family="secrets in lines")
@pytest.mark.xfail(strict=True, reason="no form of a secret (docs/threat-model.md, no guarantees)")
@pytest.mark.parametrize("line", LEFT)
def test_a_secret_without_a_form_is_not_seen(line: str) -> None:
    assert S not in Redactor().redact(line)


@pytest.mark.parametrize("line", LEFT)
def test_a_known_secret_without_a_form_is_not_seen(line: str) -> None:
    redactor = Redactor()
    redactor.register(S)
    assert S not in redactor.redact(line)


UNTOUCHED = [
    "196 pass, 8 warn",
    '{"pass": 12, "by_pass": []}',
    "Bearer 5 is active, bearer id 6",
    "Session ID: 3",
    "Mật khẩu bị từ chối",
    "snmpget of 192.0.2.1 failed",
    "com2sec",
    "hsrp version 2",
    " hsrp 1 authentication mode",
    "Interface   IP-Address  OK? Method Status  Protocol",
    "key chain OSPF\n key 1",
    "  authentication key chain OSPF",
    " Key is not exportable.",
    "Key name: r1.example.com",
    "ntp server 192.0.2.1 key 1 prefer",
    "ntp server vrf MGMT 192.0.2.1 key 12 source Loopback0",
    "ntp-service unicast-server 192.0.2.1 authentication-keyid 1",
    "ntp-service unicast-server 192.0.2.1 authentication-keyid 1 source-interface LoopBack0",
    "ntp-service reliable authentication-keyid 1",
    # of BGP, not of SNMP
    " neighbor 192.0.2.1 send-community both",
    " set community 65000:1 additive",
    " match community EVENT exact-match",
    " apply community 65000:1",
    "1790 BGP community entries using 180118 bytes of memory",
    "30 BGP extended community entries using 976 bytes of memory",
    # keys and authentication without a value
    " mpls rsvp-te authentication keychain EVENT",
    "aaa authorization exec default group TAC",
    "http://192.0.2.1:8080/status",
    "Pre-shared Key in use\n10.0.0.1 up",
    # algorithms, and words that people write
    "ssh server cipher aes256_ctr aes128_ctr",
    "wpa_key_mgmt=WPA-PSK SAE",
    "0     Hall-01   0    1    00e0-fc31-0a00 ON      WPA2-PSK     4     Quay Visitors",
    "wpa_key_mgmt=WPA-PSK WPA-PSK-SHA256",
    "        * Authentication suites: PSK FT/PSK",
    " description Authenticator of the hall",
    "ADD CFMMA: MDIDX=0, MAIDX=0, CFMVER=1AG;",
    " snmp-agent target-host trap address udp-domain 192.0.2.9 params securityname ops v3 privacy",
    "10.255.0.1  1  FULL/DR  00:00:38  10.0.0.1  GigabitEthernet1",
    '{"peers": {"192.0.2.1": {"state": "Established"}}}',
    "RETCODE = 0  Operation succeeded.",
    "vrrp 5 authentication mode none",
    "%SYS-5-CONFIG_I: Configured from console by vty0",
    "http://192.0.2.1/path and host:port@thing",
    "Five minute utilization %: 12 %^ 3",
    "Send community has been configured",
    "The password-recovery mechanism is enabled.",
    "service password-encryption",
    "Key disabled, sequencing disabled",
    "  65   0          0          0      45128          0          0 Token Daemon",
    " 237   0          0          0      17096          0          0 IPSEC manual key",
    "  Community: 65000:1 65000:200 no-export",
    "  Extended Community: RT:65000:1 RT:65000:2",
    "ip community-list standard EVENT permit 65000:1",
    " description secret customer, key account",
    '  "description": "password of the hall", "mtu": 1500,',
    '  "keyId": 12,',
    "crypto key generate rsa",
    "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----",
    "-----BEGIN PUBLIC KEY-----\nMIIB\n-----END PUBLIC KEY-----",
]


@pytest.mark.parametrize("text", UNTOUCHED)
def test_what_is_no_secret_stays(text: str) -> None:
    assert Redactor().redact(text) == text


def test_known_values_go_wherever_they_stand_and_in_every_form() -> None:
    sink = Redactor()
    secret = 'S3cr"et\\pá/ss word'
    sink.register(secret)
    for form in (secret, json.dumps({"x": secret}), repr(secret), f"x{secret}y", "S3cr%22et%5Cp%C3%A1%2Fss%20word"):
        cleaned = sink.redact(f"text {form} text")
        assert REDACTED in cleaned, form
        assert "S3cr" not in cleaned


def test_a_short_value_goes_as_a_word_only() -> None:
    sink = Redactor()
    sink.register("pw")
    assert sink.redact("pw is pwd, pw.") == f"{REDACTED} is pwd, {REDACTED}."


def test_nothing_is_not_a_secret() -> None:
    sink = Redactor()
    sink.register("")
    sink.register("  ")
    assert sink.redact("a b  c") == "a b  c"


def test_a_secret_that_is_part_of_the_mark_ends_too() -> None:
    sink = Redactor()
    sink.register("redacted")
    assert sink.redact(sink.redact("a redacted b")) == f"a {REDACTED} b"


WORDS = (
    "password",
    "secret",
    "key",
    "community",
    "cipher",
    " 7 ",
    ":",
    "=",
    '"',
    "'",
    "\n",
    "$1$",
    "%^%#",
    "psk",
    "md5",
    REDACTED,
)
texts = st.lists(st.one_of(st.sampled_from(WORDS), st.text(max_size=8)), max_size=24).map("".join)


@given(texts)
def test_twice_is_once(text: str) -> None:
    sink = Redactor()
    sink.register("hunter2Zz")
    once = sink.redact(text)
    assert sink.redact(once) == once


@given(texts, st.text(alphabet="abcdef123456", min_size=8, max_size=12))
def test_a_registered_value_never_comes_through(text: str, secret: str) -> None:
    sink = Redactor()
    sink.register(secret)
    assert secret not in sink.redact(f"{text}{secret}{text}")


@pytest.mark.parametrize(
    "piece",
    [
        "password ",
        "key ",
        "password = ",
        " ",
        "a",
        "-----BEGIN PRIVATE KEY-----",
        "$1$",
        "%^%#",
        '"',
        "://a:",
        "İ",
        "key\t",
        "psk 7 ",
        "spi 1 ",
        "session-key inbound esp ",
        "password x\n",
        "snmp-server community <redacted> RO\n",
        "password key community secret psk ",
        "-----BEGIN PGP MESSAGE-----",
        "Private-Lines: 1\n",
        "Aa1",
    ],
)
@pytest.mark.timeout(60)
def test_hostile_text_costs_linear_time(piece: str) -> None:
    """Two megabytes of the worst: anything that grows faster than its input would not end before the time limit."""
    redact(piece * (2_000_000 // len(piece)))


@pytest.mark.attack(family="cost of redaction")
@pytest.mark.parametrize("piece", ["key 7 ", "<key> ", "psk ", "auth md5 x ", "cipher x "])
@pytest.mark.timeout(60)
def test_lines_of_keywords_cost_one_pass(piece: str) -> None:
    """Each line is as long as rules search; a pass per keyword would not end before the time limit."""
    redact("\n".join(f"{number} " + piece * (8_000 // len(piece)) for number in range(30)))


def test_log_lines_arguments_and_tracebacks_pass_the_sink() -> None:
    register("L0gged-secret")
    out = StringIO()
    handler = logging.StreamHandler(out)
    handler.addFilter(RedactingFilter())
    logger = logging.getLogger("eventready.test")
    logger.addHandler(handler)
    try:
        logger.error("opening %s with %r", "r1", {"password": "L0gged-secret", "user": "x"})
        logger.error("one %s two", *["L0gged-secret", "too many"])
        try:
            int("refused L0gged-secret")
        except ValueError:
            logger.exception("failed", stack_info=True)
    finally:
        logger.removeHandler(handler)
    text = out.getvalue()
    assert "L0gged-secret" not in text
    assert "opening r1" in text
    assert "ValueError: invalid literal for int() with base 10: 'refused <redacted>'" in text


def test_guarding_twice_adds_one_filter() -> None:
    logger = logging.getLogger("netmiko")
    handler = logging.NullHandler()
    logger.addHandler(handler)
    try:
        guard_logging()
        guard_logging()
        assert sum(isinstance(known, RedactingFilter) for known in handler.filters) == 1
    finally:
        logger.removeHandler(handler)


#: The two rules over several lines, as expressions over a whole text.
_END_OF_BASE64 = re.compile(
    r"(?m)(?<=[A-Za-z0-9+/]{44}\n)(?=[^\n]{0,44}[A-Z0-9+/=])[A-Za-z0-9+/]{1,43}={0,2}(?=[ \t\r]{0,8}$)"
)
_KEY_OF_ADDRESS = re.compile(
    r"(?im)^((?:[a-z]{1,16}=\S{1,64}[ \t]{1,8}){0,4}(?:[0-9a-f]{2}:){5}[0-9a-f]{2}[ \t]{1,8})"
    r"(?!<)[^\s<]{8,64}(?=[ \t\r]{0,8}$)"
)
_PIECES = st.sampled_from((
    "\n", "\n", "\n", " ", "\t", "\r", "\x0b", "\u2028", "A" * 44, "aB3/" * 12, "QUJD" * 11 + "\r", "abcD9==", "abc",
    "ABC=", "aa:bb:cc:dd:ee:ff ", "wpa=x AA:bb:cc:dd:ee:0f ", "keyid=7 ", "longenough1", "short", "<redacted>", ":",
    ":::::", "=",
))  # fmt: skip


@given(st.lists(_PIECES, max_size=16).map("".join))
@example("A" * 44 + "\nABC=\n" + "aa:bb:cc:dd:ee:ff longenough1 \r\nABC=")
def test_base64_and_keys_of_addresses_are_found_line_by_line(text: str) -> None:
    whole = _KEY_OF_ADDRESS.sub(r"\1<redacted>", _END_OF_BASE64.sub("<redacted>", text))
    assert secret_lines._lines(text, "<redacted>") == whole


_BEGINNINGS = st.sampled_from((
    "-----BEGIN RSA PRIVATE KEY-----", "-----BEGIN X-----", "BEGIN ", "Private-Lines: 2", "Private-MAC:",
    "Preshared Key", "PuTTY-User-Key-File-2: ssh-rsa", *(f"{word}:" for word in secret_lines._OPENING),
))  # fmt: skip


@given(st.lists(st.one_of(_PIECES, _BEGINNINGS), max_size=16).map("".join))
@example("A" * 44 + "\nABC=")
@example("aa:bb:cc:dd:ee:ff longenough1")
@example("-----BEGIN X-----\nlongenough1")
@example("Private-Lines: 1\nlongenough1")
@example("PSK:\nlongenough1")
def test_a_text_without_a_suspect_line_has_no_block(text: str) -> None:
    assert redaction._suspects(text.split("\n")) or secret_lines.hide_blocks(text, REDACTED) == text


@given(
    values=st.lists(st.text("abcdefgh12", min_size=1, max_size=12), min_size=1, max_size=30),
    text=st.text("abcdefgh12 \n", max_size=200), at=st.integers(0, 200), chosen=st.integers(0, 29),
)  # fmt: skip
def test_many_known_values_are_found_as_few_are(values: list[str], text: str, at: int, chosen: int) -> None:
    """Passwords of a fleet, looked up by their beginnings: the same result as by a search for each."""
    text = text[:at] + values[chosen % len(values)] + text[at:]
    with pytest.MonkeyPatch.context() as patch:
        few = Redactor()
        for value in values:
            few.register(value)
        expected = few.redact(text)
        patch.setattr("eventready.core.redaction.redaction._MANY", -1)
        assert few.redact(text) == expected
        assert not any(value in expected for value in values if len(value) >= MIN_SUBSTRING_LENGTH)
