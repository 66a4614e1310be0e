#!/usr/bin/env python3
"""Checks a file that `quartermaster audit export` or `audit archive` wrote, with nothing of Quartermaster's.

    check_audit.py FILE PUBLIC_KEY.pem

Signatures are checked by the program openssl (3.0 or newer). docs/audit.md describes the formats.
"""
import hashlib
import json
import subprocess
import sys
import tempfile

SEAL = ("log", "number", "after", "through", "entries", "root", "previous", "at", "key")


def sha(*parts):
    return hashlib.sha256(b"".join(parts)).digest()


def signed(seal, key_file):
    text = "quartermaster audit seal v1\n" + "".join(f"{name} {seal[name]}\n" for name in SEAL)
    with tempfile.NamedTemporaryFile() as message, tempfile.NamedTemporaryFile() as signature:
        message.write(text.encode()), message.flush()
        signature.write(bytes.fromhex(seal["signature"])), signature.flush()
        verify = ["openssl", "pkeyutl", "-verify", "-pubin", "-inkey", key_file, "-rawin"]
        done = subprocess.run([*verify, "-in", message.name, "-sigfile", signature.name], capture_output=True)
    assert done.returncode == 0, f"seal {seal['number']}: the signature does not fit"
    return sha(text.encode())


def root_by_path(leaf, index, leaves, path):
    """RFC 9162, section 2.1.3.2."""
    assert index < leaves, "no such leaf"
    at, last, root = index, leaves - 1, leaf
    for beside in path:
        assert last > 0, "the path is too long"
        if at % 2 or at == last:
            root = sha(b"\1", beside, root)
            while at % 2 == 0 and at:
                at, last = at // 2, last // 2
        else:
            root = sha(b"\1", root, beside)
        at, last = at // 2, last // 2
    assert last == 0, "the path is too short"
    return root


def root_of(leaves):
    """RFC 9162, section 2.1.1."""
    if len(leaves) == 1:
        return leaves[0]
    split = 1 << (len(leaves) - 1).bit_length() - 1
    return sha(b"\1", root_of(leaves[:split]), root_of(leaves[split:]))


def covered(log, numbers, seals, proved, said, end):
    """Each seal says how many entries it has: whether all of them are there needs nobody's word."""
    assert numbers, f"no seal of {log} is there"
    there = sum(len(proved.get((log, n), ())) for n in numbers)
    sealed = sum(seals[log, n]["entries"] for n in numbers)
    first, last = min(numbers), max(numbers)
    if said:
        assert (said["first"], said["last"]) == (first, last), f"{log}: seals are missing at an end"
        assert end is not None, f"{log}: the end of the export is missing"
        assert "filter" in said or there == sealed, f"{log}: {sealed - there} of {sealed} entries are missing"
        assert there == end, f"{log}: {end} entries were written, and {there} are there"
    if there == sealed:
        return f"complete from seal {first} to {last} of {log}"
    what = f"chosen by {said['filter']}: proves presence, not completeness" if said else "completeness unknown"
    return f"{there} of {sealed} entries of seals {first} to {last} of {log}, {what}"


def check(file, key_file):
    seals, before, whole, proved, said, ends = {}, {}, {}, {}, {}, {}
    for line in map(json.loads, file):
        if line["type"] == "range":
            said[line["log"]] = line
        elif line["type"] == "end":
            ends[line["log"]] = line["entries"]
        elif line["type"] == "seal":
            log, number = line["log"], line["number"]
            if log in before:
                last, digest = before[log]
                assert number == last["number"] + 1 and line["after"] == last["through"], f"seal {number}: a gap"
                assert line["previous"] == digest.hex(), f"seal {number}: not chained to the one before"
            elif number == 1:
                assert line["previous"] == "00" * 32 and line["after"] == 0, "seal 1: not the first"
            before[log] = line, signed(line, key_file)
            seals[log, number] = line
        elif line["type"] == "entry":
            seal = seals[line["log"], line["seal"]]
            leaf = sha(b"\0", line["entry"].encode())
            if "path" in line:
                path = [bytes.fromhex(beside) for beside in line["path"]]
                root = root_by_path(leaf, line["index"], seal["entries"], path)
                assert root.hex() == seal["root"], f"{line['entry']}: not in seal {line['seal']}"
            else:
                whole.setdefault((line["log"], line["seal"]), []).append(leaf)
            places = proved.setdefault((line["log"], line["seal"]), set())
            assert line["index"] not in places, f"{line['entry']}: is repeated"
            places.add(line["index"])
    for place, leaves in whole.items():
        good = len(leaves) == seals[place]["entries"] and root_of(leaves).hex() == seals[place]["root"]
        assert good, f"seal {place[1]}: its entries are not those that were sealed"
    print(f"{sum(map(len, proved.values()))} entries in {len(seals)} seals, as they were sealed")
    for log in sorted({log for log, _ in seals} | set(said)):
        print(covered(log, [n for l, n in seals if l == log], seals, proved, said.get(log), ends.get(log)))
    for log, (seal, digest) in before.items():
        print(f"last seal of {log}: {seal['number']} {digest.hex()}")


if __name__ == "__main__":
    with open(sys.argv[1], encoding="utf-8", newline="\n") as opened:
        try:
            check(opened, sys.argv[2])
        except (AssertionError, KeyError, ValueError) as fault:
            sys.exit(f"WRONG: {fault}")
