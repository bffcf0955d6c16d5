"""The client's own tree code: the answers of Certificate Transparency's reference tests, and the definition for all small
trees."""

import pytest
from rfc9162 import consistency, continues, includes, inclusion, leaf_hash, root

h = bytes.fromhex
ENTRIES = [
    *(b"", h("00"), h("10"), h("2021"), h("3031"), h("40414243"), h("5051525354555657")),
    h("606162636465666768696a6b6c6d6e6f"),
]
ROOTS = """
    e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855
    6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d
    fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125
    aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77
    d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7
    4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4
    76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef
    ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c
    5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328
""".split()
LEAVES = [leaf_hash(entry) for entry in ENTRIES]


def test_roots_of_certificate_transparency():
    assert [root(LEAVES[:size]).hex() for size in range(9)] == ROOTS


# leaf (from 1, as those tests count) and size; then the path
@pytest.mark.parametrize(
    "leaf, size, path",
    [
        (1, 1, []),
        (
            1,
            8,
            [
                "96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7",
                "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
                "6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4",
            ],
        ),
        (
            6,
            8,
            [
                "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
                "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
                "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
            ],
        ),
        (3, 3, ["fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125"]),
        (
            2,
            5,
            [
                "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
                "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
                "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
            ],
        ),
    ],
)
def test_paths_of_certificate_transparency(leaf, size, path):
    proof = [h(node) for node in path]
    assert inclusion(leaf - 1, LEAVES[:size]) == proof
    assert includes(size, h(ROOTS[size]), leaf - 1, LEAVES[leaf - 1], proof)


@pytest.mark.parametrize(
    "old, size, path",
    [
        (1, 1, []),
        (
            1,
            8,
            [
                "96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7",
                "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
                "6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4",
            ],
        ),
        (
            6,
            8,
            [
                "0ebc5d3437fbe2db158b9f126a1d118e308181031d0a949f8dededebc558ef6a",
                "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
                "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
            ],
        ),
        (
            2,
            5,
            [
                "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
                "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
            ],
        ),
    ],
)
def test_consistency_of_certificate_transparency(old, size, path):
    proof = [h(node) for node in path]
    assert consistency(old, LEAVES[:size]) == proof
    assert continues(old, h(ROOTS[old]), size, h(ROOTS[size]), proof)


def test_the_seven_leaves_of_the_rfc():
    """Section 2.1.5: the proofs that the RFC's figure spells out, and its tree grown by steps."""
    d = [leaf_hash(bytes([n])) for n in range(7)]
    node = lambda begin, end: root(d[begin:end])
    a, b, c, e, f, j = d[0], d[1], d[2], d[4], d[5], d[6]
    g, i, k, l = node(0, 2), node(4, 6), node(0, 4), node(4, 7)
    hh = node(2, 4)
    assert inclusion(0, d) == [b, hh, l]
    assert inclusion(3, d) == [c, g, l]
    assert inclusion(4, d) == [f, j, k]
    assert inclusion(6, d) == [i, k]
    assert consistency(3, d) == [c, d[3], g, l]
    assert consistency(4, d) == [l]
    assert consistency(6, d) == [i, j, k]
    assert a != e


def test_every_tree_up_to_forty_proves_itself_and_nothing_else():
    leaves = [leaf_hash(bytes([n])) for n in range(40)]
    roots = [root(leaves[:size]) for size in range(41)]
    other = leaf_hash(b"other")
    for size in range(41):
        for index in range(size):
            proof = inclusion(index, leaves[:size])
            assert includes(size, roots[size], index, leaves[index], proof)
            assert not includes(size, roots[size], index, other, proof)
            assert not includes(size, roots[size], (index + 1) % size, leaves[index], proof) or size == 1
            assert not includes(size, roots[size], index, leaves[index], [*proof, other])
            assert not proof or not includes(size, roots[size], index, leaves[index], proof[1:])
        for old in range(size + 1):
            proof = consistency(old, leaves[:size])
            assert continues(old, roots[old], size, roots[size], proof)
            assert not continues(old, other, size, roots[size], proof)
            assert not continues(old, roots[old], size, other, proof) or old == 0
            assert not continues(old, roots[old], size, roots[size], [*proof, other])
        assert not continues(size + 1, other, size, roots[size], [])
