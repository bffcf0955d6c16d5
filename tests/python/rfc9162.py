"""Merkle trees as RFC 9162 defines them, section by section: nothing here was taken from the project's own code."""

import hashlib


def leaf_hash(entry):
    return hashlib.sha256(b"\0" + entry).digest()


def node_hash(left, right):
    return hashlib.sha256(b"\1" + left + right).digest()


def split(n):
    """The largest power of two that is smaller than n."""
    return 1 << (n - 1).bit_length() - 1


def root(leaves):
    """Section 2.1.1, of leaf hashes."""
    if not leaves:
        return hashlib.sha256().digest()
    if len(leaves) == 1:
        return leaves[0]
    k = split(len(leaves))
    return node_hash(root(leaves[:k]), root(leaves[k:]))


def inclusion(index, leaves):
    """PATH of section 2.1.3.1."""
    if len(leaves) == 1:
        return []
    k = split(len(leaves))
    if index < k:
        return inclusion(index, leaves[:k]) + [root(leaves[k:])]
    return inclusion(index - k, leaves[k:]) + [root(leaves[:k])]


def consistency(old, leaves):
    """PROOF of section 2.1.4.1; nothing is to be proven of an empty tree."""
    return subproof(old, leaves, True) if 0 < old < len(leaves) else []


def subproof(old, leaves, known):
    if old == len(leaves):
        return [] if known else [root(leaves)]
    k = split(len(leaves))
    if old <= k:
        return subproof(old, leaves[:k], known) + [root(leaves[k:])]
    return subproof(old - k, leaves[k:], False) + [root(leaves[:k])]


def includes(size, tree_root, index, leaf, proof):
    """Section 2.1.3.2."""
    if index >= size:
        return False
    fn, sn, r = index, size - 1, leaf
    for p in proof:
        if sn == 0:
            return False
        if fn & 1 or fn == sn:
            r = node_hash(p, r)
            while not fn & 1 and fn != 0:
                fn, sn = fn >> 1, sn >> 1
        else:
            r = node_hash(r, p)
        fn, sn = fn >> 1, sn >> 1
    return sn == 0 and r == tree_root


def continues(old, old_root, size, tree_root, proof):
    """Section 2.1.4.2. Any tree continues the empty one, and each itself, with an empty proof."""
    if old > size:
        return False
    if old == size:
        return not proof and old_root == tree_root
    if old == 0:
        return not proof and old_root == root([])
    if old & (old - 1) == 0:
        proof = [old_root, *proof]
    if not proof:
        return False
    fn, sn = old - 1, size - 1
    while fn & 1:
        fn, sn = fn >> 1, sn >> 1
    fr = sr = proof[0]
    for c in proof[1:]:
        if sn == 0:
            return False
        if fn & 1 or fn == sn:
            fr, sr = node_hash(c, fr), node_hash(c, sr)
            while not fn & 1 and fn != 0:
                fn, sn = fn >> 1, sn >> 1
        else:
            sr = node_hash(sr, c)
        fn, sn = fn >> 1, sn >> 1
    return fr == old_root and sr == tree_root and sn == 0
