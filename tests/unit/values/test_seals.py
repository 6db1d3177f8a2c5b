"""What opens a seal, and the record that hands it over."""

import hashlib
import hmac
import json
from typing import Any

import pytest

from runtime.encoding.canonical import canonical
from runtime.encoding.seal import SealRule
from runtime.errors import DefinitionError, IntegrityError, SealMismatchError
from runtime.limits import MAX_SEAL_RULES
from runtime.values.seals import Disclosure, SealSession, read_rules, verify_disclosure

KEY = bytes(range(32))
MADE = Disclosure.make(KEY, "/params/token", {"a": ["hush"]})


class TestADisclosure:
    """
    "Disclose = hand over the triple."
    """

    def test_is_checked_with_an_hmac_alone(self) -> None:
        """
        A stranger needs the record and RFC 8785, and nothing of ours.
        """
        record = json.loads(MADE.raw)
        message = canonical([record["path"], record["value"]])
        computed = hmac.new(bytes.fromhex(record["opening"]), message, hashlib.sha256).hexdigest()
        assert record["seal"] == f"sha256:{computed}"
        assert record == MADE.to_dict()

    def test_that_holds_is_given_back(self) -> None:
        """
        What was written is what is read.
        """
        assert verify_disclosure(json.loads(MADE.raw)) == MADE

    def test_shows_neither_opening_nor_value(self) -> None:
        """
        Its repr may stand in a log.
        """
        assert "hush" not in repr(MADE)
        assert MADE.opening not in repr(MADE)

    @pytest.mark.parametrize(
        "changed",
        [
            {"path": "/params/other"},
            {"value": {"a": ["hush!"]}},
            {"value": None},
            {"opening": "0" * 64},
            {"seal": "sha256:" + "0" * 64},
        ],
        ids=str,
    )
    def test_of_something_else_is_refused(self, changed: dict[str, Any]) -> None:
        """
        Path, value, opening and seal belong together.
        """
        with pytest.raises(SealMismatchError, match="do not give the seal"):
            verify_disclosure({**MADE.to_dict(), **changed})

    @pytest.mark.parametrize(
        "record",
        [
            None,
            [],
            {},
            {**MADE.to_dict(), "more": "hush"},
            {**MADE.to_dict(), "schema": "hush/v1"},
            {**MADE.to_dict(), "path": ""},
            {**MADE.to_dict(), "path": "hush"},
            {**MADE.to_dict(), "path": 5},
            {**MADE.to_dict(), "opening": "hush"},
            {**MADE.to_dict(), "seal": "hush"},
            {**MADE.to_dict(), "value": {"hush"}},
        ],
        ids=str,
    )
    def test_that_is_none_is_refused_without_a_word_of_it(self, record: Any) -> None:
        """
        What is wrong with a value would tell the value.
        """
        with pytest.raises(IntegrityError, match="not a record of disclosure/v1") as refused:
            verify_disclosure(record)
        assert "hush" not in str(refused.value)
        assert refused.value.__cause__ is None
        assert refused.value.__context__ is None


class TestASession:
    """
    "One random seal key per run."
    """

    def test_does_not_show_its_key(self) -> None:
        """
        Its repr may stand in a log.
        """
        assert KEY.hex() not in repr(SealSession(key=KEY, rules=["/params/a"]))
        assert repr(KEY) not in repr(SealSession(key=KEY, rules=["/params/a"]))

    @pytest.mark.parametrize("key", [b"", bytes(31), bytes(33)])
    def test_with_a_key_of_another_length_is_refused(self, key: bytes) -> None:
        """
        And the key is not shown.
        """
        with pytest.raises(DefinitionError, match="a seal key of"):
            SealSession(key=key, rules=())

    def test_with_a_text_as_key_is_refused(self) -> None:
        """
        A key is bytes.
        """
        with pytest.raises(DefinitionError, match="key is str"):
            SealSession(key="k" * 32, rules=())  # type: ignore[arg-type]  # what is tested.


class TestRules:
    """
    Rules are few, and each counts once.
    """

    def test_are_read_once_each_in_order(self) -> None:
        """
        As texts or as rules.
        """
        rule = SealRule.parse("/params/a")
        assert read_rules(["/params/b", rule, "/params/a"]) == (SealRule.parse("/params/b"), rule)

    @pytest.mark.parametrize("rules", ["/params/a", None, {"/params/a"}, ["/params/a"] * (MAX_SEAL_RULES + 1)], ids=str)
    def test_that_are_no_list_or_too_many_are_refused(self, rules: Any) -> None:
        """
        A single text would be taken apart otherwise.
        """
        with pytest.raises(DefinitionError, match="seal rules"):
            read_rules(rules)
