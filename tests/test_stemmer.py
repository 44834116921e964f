from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st
from Sastrawi.Stemmer.StemmerFactory import StemmerFactory

from etikanlp.stemmer import stemmer

PYSASTRAWI = StemmerFactory().create_stemmer().delegatedStemmer
OURS = stemmer()
ROOTS = StemmerFactory().get_words()

BEFORE = ["", "di", "ke", "se", "be", "ber", "bel", "te", "ter", "me", "mem", "men", "meng", "meny", "menge", "memper"]
BEFORE += ["memp", "pe", "pem", "pen", "peng", "peny", "penge", "per", "diper", "keber", "ku", "kau"]
AFTER = ["", "lah", "kah", "tah", "pun", "ku", "mu", "nya", "i", "kan", "an", "is", "isme", "isasi", "-nya", "-lah"]

ROOT = st.sampled_from(ROOTS)
AFFIXED = st.tuples(
    st.sampled_from(BEFORE), st.sampled_from(BEFORE), ROOT, st.sampled_from(AFTER), st.sampled_from(AFTER)
)
REPEATED = st.tuples(st.sampled_from(BEFORE), ROOT, st.just("-"), ROOT, st.sampled_from(AFTER))
LETTERS = st.text(alphabet="aeioubdgklmnprstwy", max_size=12)
ANYTHING = st.text(max_size=12)


@settings(max_examples=3000, deadline=None)
@given(st.one_of(AFFIXED.map("".join), REPEATED.map("".join), LETTERS, ANYTHING))
def test_stems_are_pysastrawis(word):
    assert OURS(word) == PYSASTRAWI.stem(word)


def test_every_prefix_rule_is_kept():
    """One word a rule of Sastrawi, by the rule's number."""
    words = {
        1: "beradu", 2: "bercerita", 3: "berdaerah", 4: "belajar", 5: "bekerja", 6: "terasing", 7: "terperuk", 8: "tertangkap",
        9: "teterbang", 10: "melipat", 11: "membangun", 12: "mempengaruhi", 13: "meminum", 14: "mencuri", 15: "menuklir",
        16: "menggila", 17: "mengkritik", 18: "menyala", 19: "mempopulerkan", 20: "pewarna", 21: "peradilan", 23: "percantik",
        24: "perdaerah", 25: "pembangun", 26: "peminum", 27: "pencuri", 28: "penata", 29: "pengkritik", 30: "pengecat",
        31: "penyakit", 32: "pelajar", 34: "petarung", 35: "terpercaya", 36: "pekerja", 37: "gerigi", 38: "gelembung",
        39: "gemetar", 40: "sinambung", 41: "kuambil", 42: "kauambil",
    }  # fmt: skip
    assert {word: OURS(word) for word in words.values()} == {word: PYSASTRAWI.stem(word) for word in words.values()}
    assert sum(OURS(word) != word for word in words.values()) > 30
