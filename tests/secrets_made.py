"""Secrets that were made up, and things that only look like some: the cases redaction is held against.

No secret here was ever one. They are put together from pieces, so that no scanner takes this file for a leak.
"""

import base64
import json
from typing import Any, NamedTuple

__all__ = ["CANARIES", "CLEAN", "SECRETS", "Case", "made"]


def made(count: int, letters: str = "aB3dE5fG7hJ9kL1mN2pQ4rS6tU8vW0xYz") -> str:
    """
    Make up so many characters, the same each time.
    """
    return "".join(letters[(7 * index + 3) % len(letters)] for index in range(count))


class Case(NamedTuple):
    """
    A value that holds a secret, the secret, and the rule that finds it.
    """

    value: Any
    secret: str
    rule: str


_HEX = "0123456789abcdef"
_UPPER = "ABCDEFGHJKLMNPQRSTUVWXYZ234567"
_WORD = "hunter" + "2"
_PEM = f"-----BEGIN {'PRIVATE'} KEY-----\n{made(64)}\n{made(40)}\n-----END {'PRIVATE'} KEY-----"
_JWT = f"eyJ{made(17)}.eyJ{made(20)}.{made(43)}"
_BASIC = base64.b64encode(f"ada:{_WORD}".encode()).decode()

_TOKENS = {
    "github": "ghp" + "_" + made(36),
    "github_server": "ghs" + "_" + made(36),
    "github_fine": "github" + "_pat_" + made(60),
    "gitlab": "glpat" + "-" + made(20),
    "slack_bot": "xoxb" + "-1234-" + made(24),
    "slack_app": "xapp" + "-1-" + made(24),
    "stripe": "sk" + "_live_" + made(24),
    "stripe_test": "rk" + "_test_" + made(24),
    "webhook": "whsec" + "_" + made(32),
    "model": "sk" + "-proj-" + made(40),
    "npm": "npm" + "_" + made(36),
    "pypi": "pypi" + "-" + made(60),
    "hub": "hf" + "_" + made(34),
    "mail": "SG" + "." + made(22) + "." + made(43),
    "droplet": "dop" + "_v1_" + made(64, _HEX),
    "oauth": "ya29" + "." + made(60),
    "oauth_client": "GOCSPX" + "-" + made(28),
    "vault": "hvs" + "." + made(24),
    "age": "AGE-SECRET" + "-KEY-1" + made(58, _UPPER),
    "bricks": "dapi" + made(32, _HEX),
    "shop": "shpat" + "_" + made(32, _HEX),
    "linear": "lin" + "_api_" + made(40),
}
_CLOUD = {
    "cloud": "AK" + "IA" + made(16, _UPPER),
    "cloud_session": "AS" + "IA" + made(16, _UPPER),
    "search": "AI" + "za" + made(35),
    "other_cloud": "LT" + "AI" + made(20),
}

SECRETS: dict[str, Case] = {
    "key_password": Case({"password": _WORD}, _WORD, "key"),
    "key_in_capitals": Case({"DB_PASSWORD": _WORD}, _WORD, "key"),
    "key_in_camel_case": Case({"dbPassword": _WORD}, _WORD, "key"),
    "key_with_acronym": Case({"userAPIKey": _WORD}, _WORD, "key"),
    "key_with_dots": Case({"mail.smtp.passwd": _WORD}, _WORD, "key"),
    "key_with_dashes": Case({"X-Api-Key": _WORD}, _WORD, "key"),
    "key_with_number": Case({"password2": _WORD}, _WORD, "key"),
    "key_with_neutral_word": Case({"password_value": _WORD}, _WORD, "key"),
    "key_old": Case({"oldPwd": _WORD, "pwd_old": ""}, _WORD, "key"),
    "key_client_secret": Case({"client_secret": _WORD}, _WORD, "key"),
    "key_access_key": Case({"aws_secret_access_key": _WORD}, _WORD, "key"),
    "key_private_key": Case({"privateKey": _WORD}, _WORD, "key"),
    "key_passphrase": Case({"passphrase": _WORD}, _WORD, "key"),
    "key_cookie": Case({"cookie": {"sid": _WORD}}, _WORD, "key"),
    "key_session": Case({"session": _WORD}, _WORD, "key"),
    "key_session_id": Case({"sessionId": _WORD}, _WORD, "key"),
    "key_bearer": Case({"bearer": _WORD}, _WORD, "key"),
    "key_authorization": Case({"authorization": _WORD}, _WORD, "key"),
    "key_credential": Case({"credentials": _WORD}, _WORD, "key"),
    "key_number": Case({"otp": 926_411}, "926411", "key"),
    "key_float": Case({"secret": 2718.28}, "2718.28", "key"),
    "key_bytes": Case({"token": _WORD.encode()}, _WORD, "key"),
    "container_whole": Case({"token": {"v": "abc" + _WORD}}, "abc" + _WORD, "key"),
    "list_whole": Case({"passwords": [_WORD]}, _WORD, "key"),
    "list_of_lists": Case([[["x", {"secret": [[_WORD]]}]]], _WORD, "key"),
    "container_walked": Case({"auth": {"user": "ada", "password": _WORD}}, _WORD, "key"),
    "credentials_walked": Case({"credentials": [{"name": "db", "secret": _WORD}]}, _WORD, "key"),
    "tuple": Case(({"token": _WORD},), _WORD, "key"),
    "json_text": Case(json.dumps({"a": [{"password": _WORD}]}), _WORD, "key"),
    "json_text_escaped": Case('{"pass\\u0077ord": "' + _WORD + '"}', _WORD, "key"),
    "json_in_prose": Case('sent {"pass\\u0077ord": "' + _WORD + '"} there', _WORD, "pair"),
    "pair_quote_escaped_twice": Case(f'x password="a\\\\"{_WORD}" y', _WORD, "pair"),
    "header_behind_escape": Case(f"GET /\\nCookie: a=b; sid={_WORD}", _WORD, "header"),
    "header_with_quotes_in_quotes": Case(
        f'"Authorization: Digest name="ada", response="{made(32, _HEX)}"" x', made(32, _HEX), "header"
    ),
    "address_in_a_pointer": Case(f"/redis:~1~1ada:{_WORD}@cache~1x", _WORD, "address"),
    "element_in_a_pointer": Case(f"/<password>{_WORD} x<~1password>", _WORD, "pair"),
    "json_in_json": Case({"body": json.dumps({"body": json.dumps({"api_key": _WORD})})}, _WORD, "key"),
    "header_bearer": Case(f"Authorization: Bearer sk-live-{123}", "sk-live-123", "header"),
    "header_basic": Case(f"authorization: Basic {_BASIC}", _BASIC, "header"),
    "header_digest": Case(
        f'Authorization: Digest username="ada", response="{made(32, _HEX)}"', made(32, _HEX), "header"
    ),
    "header_proxy": Case(f"Proxy-Authorization: {_WORD}", _WORD, "header"),
    "header_cookie": Case(f"GET /\nCookie: a=b; sid={_WORD}\nHost: x", _WORD, "header"),
    "header_set_cookie": Case(f"Set-Cookie: sid={_WORD}; Path=/", _WORD, "header"),
    "header_in_command": Case(f"curl -H 'Authorization: token {_WORD}' https://example.com", _WORD, "header"),
    "header_in_escaped_text": Case(f'call \\"Cookie: sid={_WORD}\\" failed', _WORD, "header"),
    "bearer_in_prose": Case(f"sent Bearer {made(20)} to the host", made(20), "bearer"),
    "bearer_lower_case": Case(f"with bearer {made(12)}== now", made(12), "bearer"),
    "bearer_cut": Case(f"with bearer {_WORD[:6]}…", _WORD[:6], "bearer"),
    "basic_in_prose": Case(f"sent Basic {_BASIC}, refused", _BASIC, "basic"),
    "basic_for_addresses": Case("sent Basic YWRhOj4-Pj8_Pw== there", "YWRhOj4-Pj8_Pw", "basic"),
    "bearer_of_letters": Case(f"sent Bearer {'abcdefgh' * 4} there", "abcdefgh" * 4, "bearer"),
    "basic_cut": Case(f"sent Basic {_BASIC[:9]}…", _BASIC[:9], "basic"),
    "pair_equals": Case(f"login failed for password={_WORD} on db", _WORD, "pair"),
    "pair_colon": Case(f"password: {_WORD}", _WORD, "pair"),
    "pair_quoted": Case(f'connect(user="ada", password="{_WORD} x, y")', f"{_WORD} x, y", "pair"),
    "pair_python": Case(str({"user": "ada", "passwd": _WORD}), _WORD, "pair"),
    "pair_json_in_prose": Case(f'answered {{"token": "{_WORD}"}} with 500', _WORD, "pair"),
    "pair_escaped_json": Case(f'body: {{\\"secret\\": \\"{_WORD}\\"}}', _WORD, "pair"),
    "pair_quote_inside": Case(f'x password="a\\"{_WORD}" y', _WORD, "pair"),
    "pair_container": Case(f"got {{'token': {{'v': '{_WORD}'}}}} back", _WORD, "pair"),
    "pair_container_cut": Case(f"got {{'secrets': ['{_WORD}'…", _WORD, "pair"),
    "pair_cut": Case(f"is {{'db': {{'password': '{_WORD[:5]}…", _WORD[:5], "pair"),
    "pair_in_query": Case(f"GET /x?user=ada&api_key={_WORD}&page=2", _WORD, "pair"),
    "pair_in_connection": Case(f"Server=db;Password={_WORD};Database=x", _WORD, "pair"),
    "pair_of_account": Case(f"AccountName=x;AccountKey={made(44)}==", made(44), "pair"),
    "pair_behind_telling_word": Case(f"it is api key: {_WORD}", _WORD, "pair"),
    "pair_of_two_words": Case(f"the API key: {_WORD}", _WORD, "pair"),
    "pair_environment": Case(f"export PGPASSWORD={_WORD}", _WORD, "pair"),
    "pair_behind_escape": Case(f"line\\npassword={_WORD}", _WORD, "pair"),
    "pair_behind_scheme": Case(f"authorization=Token {_WORD}", _WORD, "pair"),
    "pair_with_comma": Case(f"password={_WORD},{_WORD}", _WORD, "pair"),
    "pair_behind_mark": Case(f"password=[redacted:pair]{_WORD}", _WORD, "pair"),
    "pair_subscript": Case(f'config["password"] = "{_WORD}"', _WORD, "pair"),
    "pair_flag": Case(f"mysql --user ada --password {_WORD} -h db", _WORD, "pair"),
    "pair_flag_equals": Case(f"run --token={_WORD}", _WORD, "pair"),
    "pair_element": Case(f"<user>ada</user><password>{_WORD} x</password>", f"{_WORD} x", "pair"),
    "pair_element_cut": Case(f"<user>ada</user><password>{_WORD}…", _WORD, "pair"),
    "address": Case(f"postgres://ada:{_WORD}@db.example.com/x", _WORD, "address"),
    "address_without_name": Case(f"redis://:{_WORD}@cache:6379/0", _WORD, "address"),
    "address_with_at": Case(f"see https://ada:p@{_WORD}@example.com/a@b", _WORD, "address"),
    "address_cut": Case(f"cannot reach amqp://ada:{_WORD}…", _WORD, "address"),
    "pem": Case(f"key:\n{_PEM}\nend", made(64), "pem"),
    "pem_rsa": Case(_PEM.replace("PRIVATE", "RSA PRIVATE"), made(64), "pem"),
    "pem_escaped": Case(_PEM.replace("\n", "\\n"), made(64), "pem"),
    "pem_cut": Case(_PEM[:80], made(40), "pem"),
    "jwt": Case(f"session for {_JWT} ended", made(43), "jwt"),
    "jwt_unsigned": Case(f"eyJ{made(17)}.eyJ{made(20)}.", made(20), "jwt"),
    "jwt_cut": Case(f"got eyJ{made(17)}…", made(17), "jwt"),
    "jwt_cut_later": Case(f"got eyJ{made(17)}.eyJ{made(20)}…", made(20), "jwt"),
    "as_a_key": Case({f"Bearer {made(20)}": 1}, made(20), "bearer"),
    "in_bytes": Case(b"password=" + _WORD.encode(), _WORD, "pair"),
    "in_a_set": Case({f"token={_WORD}", "b", "a"}, _WORD, "pair"),
    "behind_an_escape": Case(f"x\\n{_TOKENS['github']}", _TOKENS["github"], "token"),
    "cut_token": Case(f"x {_TOKENS['github'][:12]}…", _TOKENS["github"][4:12], "token"),
    **{f"token_{name}": Case(f"uses {token}, now", token, "token") for name, token in _TOKENS.items()},
    **{f"cloud_key_{name}": Case(f"uses {key}, now", key, "cloud-key") for name, key in _CLOUD.items()},
}
"""Values that hold a secret."""

CLEAN: dict[str, Any] = {
    "monkey": {"monkey": "george", "donkey": "eeyore", "key": "name", "primary_key": "id", "sort_key": "a"},
    "author": {"author": "ada", "authority": "eu", "authored_by": "grace", "coauthor": "eve"},
    "keyboard": {"keyboard": "qwerty", "keyword": "red", "keypad": "x", "turkey": "bird"},
    "tokens_used": {"tokens_used": 5, "token_count": 4, "max_tokens": 4096, "prompt_tokens": "12"},
    "token_kinds": {"token_type": "jwt", "token_url": "https://example.com", "tokenizer": "bpe", "tokenize": "x"},
    "password_rules": {"password_policy": "12 letters", "password_min_length": 12, "password_reset_url": "x"},
    "has_password": {
        "has_password": "yes, it has",
        "isSecret": "no idea",
        "allow-secrets": "all",
        "x": True,
        "password": None,
        "secret": False,
    },
    "secret_names": {"secret_name": "db", "secretary": "grace", "secret_ref": "vault/db"},
    "session_numbers": {"session_count": 3, "sessions": 4, "session_timeout_ms": 100, "session": 7},
    "cookie_rules": {"cookie_consent": "given", "cookies_accepted": "all"},
    "public_keys": {"public_key": "abc", "key_id": "def", "ssh_key_name": "x", "keys": ["a", "b"]},
    "empty_values": {"password": "", "token": "  ", "secrets": [], "cookies": {}},
    "references": {"password": "${DB_PASSWORD}", "token": "$TOKEN", "secret": "{{ db }}", "pwd": "****"},
    "no_values": {"password": "none", "token": "required", "secret": "Missing", "auth": "optional"},
    "sealed": {"password": {"$sealed": "sha256:" + "0" * 64}},
    "marked": {"password": "[redacted:key]", "note": "Bearer [redacted:bearer]"},
    "walked": {"auth": {"kind": "oidc"}, "credentials": [{"user": "ada"}], "authorization": {"roles": ["admin"]}},
    "numbers": [0, 1, -2.5, 2**53, True, None],
    "digest": {"digest": "sha256:" + made(64, _HEX), "commit": made(40, _HEX), "md5": made(32, _HEX)},
    "uuid": "123e4567-e89b-12d3-a456-426614174000",
    "base64": made(120),
    "prose": "The password was changed, and the token of the session is kept by the secretary.",
    "prose_bearer": "The bearer of this letter, and bearer tokens, bearer authentication, Bearer OAuth2.",
    "prose_basic": "Basic authentication, basic understanding, Basic Training, basic auth.",
    "prose_author": "author: Ada, keyboard: qwerty, monkey=george, tokens_used=12, key: value",
    "prose_missing": "password: must not be empty; token: missing; secret: is required",
    "prose_quote_and_more": 'it says "password:" quickly, then "x"',
    "prose_on_two_lines": "the api\nkey: value",
    "prose_schemes": "Bearer Authentication is needed; Basic AAE6AgME; Basic understanding…",
    "prose_quote": 'it says "password:" and "token="',
    "prose_flags": "give --token TOKEN, or --password <password>; --monkey george; --token -h; --token (a word)",
    "prose_elements": "<password> is an element, <b>bold</b>, <password></password>",
    "counts": "max_tokens=4096 tokens: 12, passwords=3, sessions: 4",
    "pair_references": "password=${DB_PASSWORD} token=$TOKEN secret=**** pwd={{ db }} token={}",
    "pair_harmless": 'password=null token: None "secret": "" pwd=\'\'',
    "comparison": "token == other, token =~ x, password != y, secret::Name, token:=",
    "walked_in_text": "auth: {'kind': 'oidc'} credentials = [{'user': 'ada'}]",
    "address": "https://example.com:8080/path?x=1#top",
    "address_with_name": "ssh://git@example.com:22/x.git",
    "address_with_port_and_mail": "https://example.com:8080?mail=ada@example.com",
    "address_in_path": "https://example.com:443/a@2x.png",
    "address_cut": "https://example.com:80…",
    "address_cut_in_path": "https://example.com:8080/a…",
    "address_marked": "postgres://ada:[redacted:address]@db/x",
    "address_reference": "postgres://ada:${PASSWORD}@db/x",
    "address_six": "http://[::1]:8080/x",
    "mail": "ada@example.com, mailto:ada@example.com",
    "path": "/etc/passwd and C:\\keys\\public.pem",
    "time": "2026-01-02T03:04:05Z 12:30:45",
    "public_pem": f"-----BEGIN {'PUBLIC'} KEY-----\n{made(60)}\n-----END {'PUBLIC'} KEY-----",
    "certificate": f"-----BEGIN CERTIFICATE-----\n{made(60)}\n-----END CERTIFICATE-----",
    "pem_named": "a file that starts with -----BEGIN",
    "jwt_short": "eyJhbGci.eyJzdWI.abc",
    "jwt_one_part": f"eyJ{made(30)} and eyJ{made(30)}.x",
    "library": "sk-learn-based-notebook-for-everyone, sk-learn, task-sk-1",
    "prefixes": "ghp_short, xoxb-1, npm_config_registry, hf_hub, glpat-x, dapi, pypi-server, SG.x.y",
    "cloud_prefixes": "AKIA, AKIA1234, AIzaBcd, LTAI5, XAKIA" + made(16, _UPPER),
    "inside_a_word": f"xghp_{made(36)}",
    "yaml": "name: x\nsteps:\n  - id: a\n    kind: runtime\n",
    "python": "def key(self): return self.author[0:3]",
    "sql": "select * from users where id = 5 and name = 'ada'",
    "json_text": '{"a": [1, 2.0, "x"],  "author": "ada"}',
    "json_letters_in_prose": 'sent {"\\u0061uthor": "ada"} there',
    "json_text_doubled": '{"a": 1, "a": 2}',
    "not_json": '{"a": 1',
    "huge_number": "[" + "9" * 5000 + "]",
    "unicode": "contraseña=abc, \u043f\u0430\u0440\u043e\u043b\u044c: abc, \u5bc6\u7801=abc, \uff50\uff57\uff44=abc",
    "dots": "a.b.c.d-e_f",
    "bytes": b"\xff\xfeabc",
    "tuple": ("a", 1, ["b"]),
    "number_keys": {1: "a", None: "b", 2.5: "c", False: "d"},
    "lone_surrogate": "a\ud800b",
    "long_key": {"password" + "x" * 300: "y"},
    "no_words": {"": "a", "--": "b", "é": "c", "7": "d"},
}
"""Values that hold none."""

CANARIES = {name: case for name, case in SECRETS.items() if type(case.value) is str}
"""Those of the secrets that are in a text."""
