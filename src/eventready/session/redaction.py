"""The one sink for secrets: every text that leaves the session room, and every log line, passes through here.

Three nets, widest last: values that we know (whatever was resolved for a login), names that announce a secret
(`password: x`, `PWD="x"`, `community x`), and the shapes in which configurations and ciphertexts carry them.
Every pattern has bounded repetition, so hostile text costs linear time; redacting twice changes nothing.
"""

from __future__ import annotations

import json
import logging
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from threading import Lock
from urllib.parse import quote

MARK = "<redacted>"

#: From this length on a known value is replaced wherever it stands; a shorter one only as a whole word, because
#: "pw" inside "pwd" tells nothing and replacing it would spoil what is read from the text.
ANYWHERE = 8

_KEEP = re.compile(re.escape(MARK))
_VALUE = r'(?:"[^"\n]{0,512}"|\'[^\'\n]{0,512}\'|[^\s,;]{1,512})'
_GAP = r"[ \t]{1,8}"
_END = r"(?![^ \t])"
#: For secrets that may hold spaces and commas: all that follows in the line.
_REST = r"[^\n]{1,512}"
_NOT_OF_BGP = "".join(rf"(?<!\b{word})" for word in ("send-", "set ", "match ", "apply ", "bgp ", "extended "))
_KIND = (
    r"(?:(?:encrypted|irreversible-cipher|cipher|simple|plain|clear|text|md5|sha\d{0,3}|hmac-sha\d{0,3}|ascii|hex|[0-9])"
    + _GAP
    + "){0,3}"
)


@dataclass(frozen=True)
class _Rule:
    """Lines that hold one of `words` (lower case) are searched; the group `value` is what must not be seen."""

    words: tuple[str, ...]
    pattern: re.Pattern[str]


def _rule(words: str, pattern: str) -> _Rule:
    return _Rule(tuple(words.split("|")), re.compile(pattern, re.IGNORECASE))


_ANNOUNCED = (
    r"(?:[\w-]{0,24}(?:passw(?:or)?d|passphrase|pass-phrase|pwd|secret|psk|community|api[_-]?key|private[_-]?key"
    r"|shared[_-]?key|auth[_-]?key|priv[_-]?key|token))"
)

_RULES: tuple[_Rule, ...] = (
    # hostapd's file, and what else takes the rest of its line for the secret
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
    # Where a word of the command, or an address, comes before the secret
    _rule(
        "password",
        rf"\b(?:md5[- ]password{_GAP}(?:(?:cipher|plain){_GAP})?\d{{1,3}}(?:\.\d{{1,3}}){{3}}"
        rf"|password{_GAP}peer{_GAP}\S{{1,64}}){_GAP}{_KIND}(?P<value>{_VALUE})",
    ),
    # name = value, name: value, "name": "value": MML, JSON, YAML, keyword arguments, environment
    _rule(
        "pass|pwd|secret|psk|community|key|token",
        rf"\b{_ANNOUNCED}[\"']?[ \t]{{0,8}}[:=][ \t]{{0,8}}(?P<value>{_VALUE})",
    ),
    # enable secret 9 x | username u password 7 x | neighbor n password x | password irreversible-cipher x
    _rule("pass|secret", rf"\b(?:password|secret){_GAP}(?:level{_GAP}\d{{1,2}}{_GAP})?{_KIND}(?P<value>{_VALUE})"),
    # snmp-server community x RO | snmp-agent community read cipher x; those of BGP are none
    _rule("community", rf"{_NOT_OF_BGP}\bcommunity{_GAP}(?:(?:read|write|ro|rw){_GAP})?{_KIND}(?P<value>{_VALUE})"),
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
    # The keys of IPsec by hand; names that MML gives to keys
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
    _rule("key|cfm", rf"[:,][ \t]{{0,8}}(?:P?KEY|CFM(?:P?KEY)?)[ \t]{{0,8}}=[ \t]{{0,8}}(?P<value>{_VALUE})"),
    # EIGRP, NHRP, RIP
    _rule(
        "authentication",
        rf"\b(?:authentication{_GAP}mode{_GAP}hmac-sha-256|nhrp{_GAP}authentication|authentication{_GAP}string){_GAP}"
        rf"(?:[07]{_GAP})?(?P<value>{_VALUE})",
    ),
    _rule(
        "key",
        rf"(?:^[ \t]{{0,8}}|\b(?:server|isakmp|\d{{1,3}}(?:\.\d{{1,3}}){{3}}){_GAP})key{_GAP}"
        rf"(?!(?:chain|is|name:|type:|data:){_END}|\d{{1,5}}(?:[ \t]*$|{_GAP}(?:prefer|source|version|i?burst){_END}))"
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
        rf"\b(?:pass-?phrase|wpa-psk|psk){_GAP}(?!pass-?phrase\b|set-key\b)"
        rf"(?!(?:sae|cckm|ft|ft/psk|wpa-(?:psk|eap)(?:-sha256)?){_END}){_KIND}(?P<value>{_VALUE})",
    ),
    _rule("cipher", rf"(?<!ssh server )(?<!ssh client )\b(?:irreversible-)?cipher{_GAP}(?P<value>{_VALUE})"),
    # subscriber keys of a core: ki, k, op, opc
    _rule("aud2g|aud3g", r"\b(?:ki?|opc?)[ \t]{1,8}(?P<value>[0-9a-f]{32})\b"),
    # ciphertexts by their own shape: crypt(3), Cisco 8 and 9, Huawei
    _rule("$", r"(?P<value>\$(?:1|5|6|8|9|14|2[aby])\$[./A-Za-z0-9$]{8,256})"),
    _rule("%^%#|%$%$|%@%@", r"(?P<value>(?P<fence>%\^%#|%\$%\$|%@%@)[^\n]{1,256}?(?P=fence))"),
    _rule("://", r"://[^\s:@/]{1,128}:(?P<value>[^\s@/]{1,256})@"),
)
_WORDS = tuple({word for rule in _RULES for word in rule.words})
_PEM_BEGIN = re.compile(r"-----BEGIN [A-Z0-9 ]{0,40}PRIVATE KEY-----")
_PEM_END = "-----END"


@dataclass
class Redactor:
    """Holds the known values; `redact` may be called from any thread."""

    _values: frozenset[str] = frozenset()
    _lock: Lock = field(default_factory=Lock, repr=False)

    def register(self, secret: str) -> None:
        """Never let `secret` be seen again, in the forms that JSON, a repr or a URL give it too."""
        if not secret or not secret.strip() or secret in self._values:
            return
        forms = {secret, json.dumps(secret)[1:-1], json.dumps(secret, ensure_ascii=False)[1:-1], repr(secret)[1:-1]}
        forms.add(quote(secret, safe=""))
        with self._lock:
            self._values = self._values | forms

    def redact(self, text: str) -> str:
        """`text` without secrets. Linear in its length; `redact(redact(x)) == redact(x)`."""
        for _ in range(4):  # what one rule leaves behind may now look like another rule's line
            cleaned = self._once(text)
            if cleaned == text:
                return cleaned
            text = cleaned
        return text

    def _once(self, text: str) -> str:
        return _patterns(self._known(_pem(text)))

    def _known(self, text: str) -> str:
        present = sorted((value for value in self._values if value in text), key=len, reverse=True)
        if not present:
            return text
        words = "|".join(_literal(value) for value in present)
        return re.sub(f"{_KEEP.pattern}|{words}", MARK, text)


def _literal(value: str) -> str:
    escaped = re.escape(value)
    return escaped if len(value) >= ANYWHERE else rf"(?<![^\W_]){escaped}(?![^\W_])"


def _pem(text: str) -> str:
    parts, at = [], 0
    while begin := _PEM_BEGIN.search(text, at):
        end = text.find(_PEM_END, begin.end())
        parts += [text[at : begin.end()], f"\n{MARK}\n"]
        at = end if end >= 0 else len(text)
        if end < 0:
            break
    return text if not parts else "".join([*parts, text[at:]])


#: Lines that hold none of the rules' words, whatever secrets are known. Devices of a kind say much the same: of a
#: thousand lines a hundred are new. Any thread may add to it; it is emptied when it has grown.
_harmless: set[str] = set()
_HARMLESS_KEPT, _LONGEST_KEPT = 20_000, 200


def _patterns(text: str) -> str:
    lines = text.split("\n")
    fresh = set(lines).difference(_harmless)
    whole = "\n".join(fresh).lower()
    words = [word for word in _WORDS if word in whole]
    suspects = {line for line in fresh if any(word in line.lower() for word in words)} if words else set()
    if len(_harmless) > _HARMLESS_KEPT:
        _harmless.clear()
    _harmless.update(line for line in fresh - suspects if len(line) <= _LONGEST_KEPT)
    if not suspects:
        return text
    cleaned = {
        line: _line(line, [rule for rule in _RULES if any(w in line.lower() for w in rule.words)]) for line in suspects
    }
    return "\n".join([cleaned.get(line, line) for line in lines])


def _line(line: str, rules: list[_Rule]) -> str:
    for rule in rules:
        line = rule.pattern.sub(_mask, line)
    return line


def _mask(match: re.Match[str]) -> str:
    whole, start = match[0], match.start()
    begin, end = match.start("value") - start, match.end("value") - start
    value = whole[begin:end]
    if MARK in value:
        return whole
    edge = value[0] if value[:1] in "\"'" and len(value) > 1 and value[-1] == value[0] else ""
    return f"{whole[:begin]}{edge}{MARK}{edge}{whole[end:]}"


#: The sink that the whole program shares.
redactor = Redactor()
register: Callable[[str], None] = redactor.register
redact: Callable[[str], str] = redactor.redact


class RedactingFilter(logging.Filter):
    """Goes onto handlers: what they write has passed the sink, tracebacks included."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Redact message, traceback and stack in place; never drop a record."""
        try:
            message = record.getMessage()
        except Exception:  # a malformed log call must not lose the line, nor show its arguments
            message = f"{record.name}: a log message that does not fit its arguments"
        record.msg, record.args = redact(message), None
        if record.exc_info:
            record.exc_text = redact(record.exc_text or logging.Formatter().formatException(record.exc_info))
        if record.stack_info:
            record.stack_info = redact(record.stack_info)
        return True


def guard_logging() -> None:
    """Put the filter on every handler that the root logger and the libraries below us have now."""
    for name in ("", "eventready", "netmiko", "paramiko", "nornir", "ansible_runner"):
        for handler in logging.getLogger(name).handlers:
            if not any(isinstance(known, RedactingFilter) for known in handler.filters):
                handler.addFilter(RedactingFilter())
