"""Forms of secrets in configurations, commands and messages: keywords and shapes with the value to redact."""

from __future__ import annotations

import re
from dataclasses import dataclass

_VALUE = r'(?:"[^"\n]{0,512}"|\'[^\'\n]{0,512}\'|[^\s,;]{1,512})'
_GAP = r"[ \t]{1,8}"
_END = r"(?![^ \t])"
#: For secrets with spaces and commas: the rest of the line.
_REST = r"[^\n]{1,512}"
_NOT_OF_BGP = "".join(rf"(?<!\b{word})" for word in ("send-", "send ", "set ", "match ", "apply ", "bgp ", "extended "))
#: A BGP community: 65000:1, RT:65000:1.
_BGP_VALUE = r"(?:[A-Za-z-]{1,20}:)?\d{1,10}(?:\.\d{1,3}){0,3}:\d{1,10}"
_KIND = (
    r"(?:(?:encrypted|irreversible-cipher|cipher|simple|plain|clear|text|md5|sha\d{0,3}|hmac-sha\d{0,3}|ascii|hex|[0-9])"
    + _GAP
    + "){0,3}"
)


@dataclass(frozen=True)
class Rule:
    """Rule for lines with any of `words` (lower case); its group `value` is the secret."""

    words: tuple[str, ...]
    pattern: re.Pattern[str]


def _rule(words: str, pattern: str) -> Rule:
    return Rule(tuple(words.split("|")), re.compile(pattern, re.IGNORECASE))


_ANNOUNCED = (
    r"(?:[\w-]{0,24}(?:passw(?:or)?d|passphrase|pass-phrase|pwd|secret|psk|api[_-]?key|private[_-]?key"
    r"|shared[_-]?key|auth[_-]?key|priv[_-]?key|token))"
)

#: Ciphertexts by their own shape: crypt(3), Cisco 8 and 9, Huawei; passwords in URLs.
CIPHERTEXTS: tuple[Rule, ...] = (
    _rule("$", r"(?P<value>\$(?:1|5|6|7|8|9|14|2[aby]|y|gy|apr1|argon2id?|scrypt)\$[./A-Za-z0-9$]{8,256})"),
    _rule("%^%#|%$%$|%@%@", r"(?P<value>(?P<fence>%\^%#|%\$%\$|%@%@)[^\n]{1,256}?(?P=fence))"),
    # a password with @ or / of its own reaches to the last @ before the host
    _rule("://", r"://[^\s:@/]{1,128}:(?P<value>[^\s\"'<>]{1,256})@(?=[\w.\[-])"),
)

RULES: tuple[Rule, ...] = (
    # hostapd's file and other forms where the secret is the rest of the line
    _rule(
        "passphrase|psk|password|secret|passwd|key",
        r"\b(?:wpa_passphrase|wpa_psk|sae_password|private_key_passwd|(?:auth|acct)_server_shared_secret|wep_key[0-3]"
        rf"|pac_opaque_encr_key|eap_fast_key)[ \t]{{0,8}}=[ \t]{{0,8}}(?P<value>{_REST})",
    ),
    _rule("ap_pin", rf"\bap_pin[ \t]{{0,8}}=[ \t]{{0,8}}(?P<value>{_VALUE})"),
    _rule("r0kh|r1kh", rf"\br[01]kh[ \t]{{0,8}}=[ \t]{{0,8}}\S{{1,64}}{_GAP}\S{{1,128}}{_GAP}(?P<value>{_VALUE})"),
    _rule(
        "key",
        rf"\b(?:key-string|(?:set-key|wpa-psk|static-wep-key{_GAP}encryption{_GAP}\d{{1,3}}){_GAP}(?:ascii|hex)){_GAP}"
        rf"{_KIND}(?P<value>{_REST})",
    ),
    _rule("psk", rf"\bwpa-psk{_GAP}(?:ascii|hex){_GAP}{_KIND}(?P<value>{_REST})"),
    _rule("password", rf"^[ \t]{{1,8}}password{_GAP}(?:[07]{_GAP})?(?!(?:irreversible-)?cipher\b)(?P<value>{_REST})"),
    # a keyword or an address before the secret
    _rule(
        "password",
        rf"\b(?:md5[- ]password{_GAP}(?:(?:cipher|plain){_GAP})?\d{{1,3}}(?:\.\d{{1,3}}){{3}}"
        rf"|password{_GAP}peer{_GAP}\S{{1,64}}){_GAP}{_KIND}(?P<value>{_VALUE})",
    ),
    # name = value, name: value, "name": "value": MML, JSON, YAML, keyword arguments, environment
    _rule(
        "community", rf"\b[\w-]{{0,24}}community[\"']?[ \t]{{0,8}}[:=][ \t]{{0,8}}(?P<value>(?!{_BGP_VALUE}){_VALUE})"
    ),
    _rule("pass|pwd|secret|psk|key|token", rf"\b{_ANNOUNCED}[\"']?[ \t]{{0,8}}[:=][ \t]{{0,8}}(?P<value>{_VALUE})"),
    # enable secret 9 x | username u password 7 x | neighbor n password x | password irreversible-cipher x
    _rule("pass|secret", rf"\b(?:password|secret){_GAP}(?:level{_GAP}\d{{1,2}}{_GAP})?{_KIND}(?P<value>{_VALUE})"),
    # snmp-server community x RO | snmp-agent community read cipher x (BGP communities are no secrets)
    _rule(
        "community",
        rf"{_NOT_OF_BGP}\bcommunity{_GAP}(?:(?:read|write|ro|rw){_GAP})?{_KIND}"
        rf"(?P<value>(?!(?:set|add|find|print|remove|has|have|is|are){_END}|{_BGP_VALUE}){_VALUE})",
    ),
    _rule(
        "snmp",
        rf"\bsnmp-server{_GAP}host{_GAP}\S{{1,128}}{_GAP}(?:vrf{_GAP}\S{{1,64}}{_GAP})?(?:(?:traps?|informs?){_GAP})?"
        rf"(?:version{_GAP}(?:1|2c){_GAP})?(?P<value>(?!version\b|traps?\b|informs?\b|vrf\b){_VALUE})",
    ),
    _rule("securityname", rf"\bsecurityname{_GAP}(?!\S{{1,64}}{_GAP}v3\b){_KIND}(?P<value>{_VALUE})"),
    # tacacs/radius server keys, OSPF and NTP keys, key chains, IKE, RADIUS shared keys
    _rule(
        "key",
        rf"\b(?:key-string|shared-key|share-key|server-key|auth-key|pre-shared-key(?:{_GAP}(?:local|remote))?|set-key"
        rf"|pac{_GAP}key|authentication{_GAP}key(?!{_GAP}chain{_END})){_GAP}{_KIND}(?P<value>{_VALUE})",
    ),
    _rule(
        "key",
        rf"\b(?:(?:radius|tacacs)-server{_GAP}host|server-private|hash-algo)\b[^\n]{{0,200}}?{_GAP}key{_GAP}{_KIND}"
        rf"(?P<value>{_VALUE})",
    ),
    # manual IPsec keys; key parameters of MML
    _rule(
        "session-key",
        rf"\bsession-key{_GAP}(?:in|out)bound{_GAP}(?:ah{_GAP}\d{{1,10}}|esp{_GAP}(?:\S{{1,640}}{_GAP}){{1,3}}authenticator)"
        rf"{_GAP}(?P<value>{_VALUE})",
    ),
    _rule(
        "spi",
        rf"\bspi{_GAP}\d{{1,10}}{_GAP}(?:\S{{1,640}}{_GAP}){{0,5}}?(?:md5|sha1){_GAP}(?:[07]{_GAP})?(?P<value>{_VALUE})",
    ),
    _rule(
        "spi",
        rf"\bspi{_GAP}\d{{1,10}}{_GAP}esp{_GAP}(?:3?des|aes-cbc{_GAP}\d{{3}}){_GAP}(?:[07]{_GAP})?(?P<value>{_VALUE})",
    ),
    _rule(
        "key|cfm|pswd|commname|authstr",
        rf"[:,][ \t]{{0,8}}(?:(?:P|PRI|PUBPRI|ENC|AUTH)?KEY|CFM(?:P?KEY)?)[ \t]{{0,8}}=[ \t]{{0,8}}(?P<value>{_VALUE})",
    ),
    _rule(
        "workkey|seckey|prvkey|pswd|commname|authstr",
        rf"(?:^|[:,; \t])(?:WORKKEY|SECKEY|PRVKEY|\w{{0,24}}PSWD|COMMNAME|AUTHSTR)(?:[ \t]{{0,40}}=[ \t]{{0,8}}|{_GAP})"
        rf"(?P<value>{_VALUE})",
    ),
    _rule("secret-data", rf"(?P<value>{_VALUE});[ \t]{{0,8}}## SECRET-DATA"),
    _rule("auth key|auth-key", rf"\bauth[ -]key[ \t]{{0,40}}[:=][ \t]{{0,8}}(?P<value>{_VALUE})"),
    _rule("curl", rf"\bcurl\b[^\n]{{0,400}}?[ \t]-(?:u|-user)[ \t]{{0,8}}[^\s:]{{1,64}}:(?P<value>{_VALUE})"),
    _rule("community name", rf"\bcommunity name[ \t]{{0,40}}[:=][ \t]{{0,8}}(?P<value>{_VALUE})"),
    # IPsec and RSVP of VRP, servers by name, EEM variables
    _rule(
        "string-key|-hex",
        rf"\bsa{_GAP}(?:string-key|(?:authentication|encryption)-hex){_GAP}(?:in|out)bound{_GAP}\w{{1,8}}{_GAP}{_KIND}"
        rf"(?P<value>{_VALUE})",
    ),
    _rule(
        "rsvp",
        rf"\brsvp(?:-te)?{_GAP}authentication{_GAP}(?!keychain\b|key-chain\b)(?:key{_GAP})?{_KIND}(?P<value>{_VALUE})",
    ),
    _rule(
        "tacacs|radius", rf"\b(?:tacacs|radius){_GAP}server{_GAP}\S{{1,64}}{_GAP}key{_GAP}{_KIND}(?P<value>{_VALUE})"
    ),
    _rule("key", rf"\bkey{_GAP}(?:authentication|accounting|authorization){_GAP}(?!chain\b){_KIND}(?P<value>{_VALUE})"),
    _rule(
        "event manager",
        rf"\bevent manager environment{_GAP}\S{{0,64}}(?:pass|pw|secret|token|key|cred|auth)\S{{0,64}}{_GAP}"
        rf"(?P<value>{_REST})",
    ),
    # headers of HTTP, short names of variables, JSON inside a string
    _rule(
        "authorization|cookie",
        rf"\b(?:(?:proxy-)?authorization|(?:set-)?cookie)\\?[\"']?[ \t]{{0,8}}[:=][ \t]{{0,8}}\\?[\"']?"
        rf"(?:(?:basic|bearer|digest|token|negotiate){_GAP})?(?P<value>[^\"'\n]{{1,512}})",
    ),
    _rule("pass=|pw=", rf"\b(?:[\w-]{{0,24}}[_-])?(?:pass|pw)=(?P<value>{_VALUE})"),
    _rule(
        '\\"',
        rf"\b{_ANNOUNCED}\\{{1,4}}\"[ \t]{{0,8}}[:=][ \t]{{0,8}}\\{{1,4}}\"(?P<value>[^\"\\\n]{{1,512}})",
    ),
    # EIGRP, NHRP, RIP
    _rule(
        "authentication",
        rf"\b(?:authentication{_GAP}mode{_GAP}hmac-sha-256|nhrp{_GAP}authentication|authentication{_GAP}string){_GAP}"
        rf"(?:[07]{_GAP})?(?P<value>{_VALUE})",
    ),
    _rule(
        "key",
        rf"(?:^[ \t]{{0,8}}|\b(?:server|isakmp|\d{{1,3}}(?:\.\d{{1,3}}){{3}}){_GAP})key{_GAP}"
        rf"(?!(?:chain|is|name:|type:|data:|disabled,?|enabled,?){_END}"
        rf"|\d{{1,5}}(?:[ \t]*$|{_GAP}(?:prefer|source|version|i?burst){_END}))"
        rf"{_KIND}(?P<value>{_VALUE})",
    ),
    _rule(
        "key",
        rf"\b(?:(?:message-digest-key|authentication-key){_GAP}(?:\d{{1,10}}{_GAP})?"
        rf"|authentication-keyid{_GAP}\d{{1,10}}{_GAP}authentication-mode{_GAP}){_KIND}(?P<value>{_VALUE})",
    ),
    _rule(
        "auth|priv",
        rf"\b(?:authentication|privacy)-mode{_GAP}(?:(?:simple|plain|keychain|md5|sha2?-?\d{{0,3}}|hmac-md5|hmac-sha\d{{0,3}}"
        rf"|aes\d{{0,3}}|3?des\d{{0,3}}){_GAP})(?:\d{{1,5}}{_GAP})?{_KIND}(?P<value>{_VALUE})",
    ),
    _rule("auth", rf"\bauth{_GAP}(?:md5|sha\S{{0,8}}){_GAP}(?P<value>{_VALUE})"),
    _rule(
        "priv",
        rf"\bpriv{_GAP}(?:aes|3?des(?:56)?)(?:{_GAP}(?:128|192|256))?{_GAP}(?P<value>(?!128\b|192\b|256\b){_VALUE})",
    ),
    # standby 10 authentication x | standby 10 authentication md5 key-string 7 x | vrrp 1 authentication text x
    _rule(
        "auth",
        rf"\b(?:standby|vrrp|glbp)(?:{_GAP}(?:vrid{_GAP})?\d{{1,4}})?{_GAP}authentication{_GAP}"
        rf"(?!mode\b)(?!md5{_GAP}key)(?:(?:text|md5){_GAP})?(?P<value>{_VALUE})",
    ),
    _rule(
        "pass|psk",
        # In a table of networks, the number of stations follows: WPA2-PSK   12    Visitors
        r"\b(?:pass-?phrase|wpa-psk|psk)(?!(?<=(?-i:[2A]-PSK))[ \t]{1,16}\d{1,4}[ \t]{2,16})"
        rf"{_GAP}(?!pass-?phrase\b|set-key\b)"
        rf"(?!(?:sae|cckm|ft|ft/psk|wpa-(?:psk|eap)(?:-sha256)?){_END}){_KIND}(?P<value>{_VALUE})",
    ),
    _rule("cipher", rf"(?<!ssh server )(?<!ssh client )\b(?:irreversible-)?cipher{_GAP}(?P<value>{_VALUE})"),
    # subscriber keys of a core: ki, k, op, opc
    _rule("aud2g|aud3g", r"\b(?:ki?|opc?)[ \t]{1,8}(?P<value>[0-9a-f]{32})\b"),
    *CIPHERTEXTS,
)
