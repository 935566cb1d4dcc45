package laes

import (
	"slices"
	"testing"
)

func TestTekst(t *testing.T) {
	t.Parallel()
	for navn, c := range map[string]struct{ ind, ud string }{
		"UTF-8":                  {"Sønderbro 3", "Sønderbro 3"},
		"windows-1252":           {"S\xf8nderbro \x80", "Sønderbro €"},
		"udefinerede positioner": {"a\x81\xf8", "a\uFFFDø"},
		"tom":                    {"", ""},
	} {
		if got := Tekst([]byte(c.ind)); got != c.ud {
			t.Errorf("%s: %q, want %q", navn, got, c.ud)
		}
	}
}

func TestLinjeskiftSom(t *testing.T) {
	t.Parallel()
	if got := LinjeskiftSom([]byte("a\nb"), "a\r\nc"); got != "a\nc" {
		t.Errorf("%q", got)
	}
	if got := LinjeskiftSom([]byte("a\r\nb"), "a\r\nc"); got != "a\r\nc" {
		t.Errorf("%q", got)
	}
}

func TestNumre(t *testing.T) {
	t.Parallel()
	for ind, ud := range map[string][]string{
		"010203-1234":                          {"urn:oio:cpr-nr:0102031234"},
		" 0102031234":                          {"urn:oio:cpr-nr:0102031234"},
		"12345678":                             {"urn:oio:cvr-nr:12345678", "urn:oio:cvr:12345678"},
		"3F6C1C0E-9A54-4D0B-8A3E-6F3F1D2F7A11": {"3f6c1c0e-9a54-4d0b-8a3e-6f3f1d2f7a11"},
		"urn:oio:et-andet:7":                   {"urn:oio:et-andet:7"},
		"Hansen":                               nil,
		"":                                     nil,
	} {
		if got := Relaterede(ind); !slices.Equal(got, ud) {
			t.Errorf("%q: %q, want %q", ind, got, ud)
		}
	}
	for s, want := range map[string]bool{"0102031234": true, "x 010203-1234": true, "urn:oio:cpr-nr:0102031234": true, "00000000-0000-4000-8000-000102031234": false, "Sag.Rettet": false} {
		if LigeNummer(s) != want || (Maskeret(s) != s) != want {
			t.Errorf("%q", s)
		}
	}
}
