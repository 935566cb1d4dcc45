package mox_test

import (
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/moxkit/mox"
	"github.com/moxkit/mox/internal/conformance"
)

const (
	rumDNS = "6ba7b810-9dad-11d1-80b4-00c04fd430c8" // RFC 9562, 6.6
	rumURL = "6ba7b811-9dad-11d1-80b4-00c04fd430c8"
)

// TestUUIDv5 uses vectors that others have published: the documentation of Python's uuid, and of Terraform.
func TestUUIDv5(t *testing.T) {
	t.Parallel()
	for want, navn := range map[string][2]string{
		"886313e1-3b8a-5372-9b90-0c9aee199e5d": {rumDNS, "python.org"},
		"a5008fae-b28c-5ba5-96cd-82b4c53552d6": {rumDNS, "www.terraform.io"},
		"9db6f67c-dd95-5ea0-aa5b-e70e5c5f7cf5": {rumURL, "https://www.terraform.io/"},
	} {
		if got := mox.UUIDv5(navn[0], navn[1]); got != want {
			t.Errorf("%s: got %s, want %s", navn[1], got, want)
		}
	}
}

// TestProcesIDFor computes what anyone may compute who reads the documentation.
func TestProcesIDFor(t *testing.T) {
	t.Parallel()
	rum := mox.UUIDv5(rumURL, "https://mox.example/proces")
	if got, want := mox.ProcesIDFor("byggeansøgning", "b-1"), mox.UUIDv5(rum, "byggeansøgning\nb-1"); got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

func TestNyUUID(t *testing.T) {
	t.Parallel()
	set := map[string]bool{}
	for range 1000 {
		id := mox.NyUUID()
		if !mox.ErUUID(id) || id[14] != '4' || !strings.ContainsRune("89ab", rune(id[19])) || set[id] {
			t.Fatalf("%s", id)
		}
		set[id] = true
	}
}

func TestAfledUUID(t *testing.T) {
	t.Parallel()
	noegle := []byte("en installations nøgle")
	rapid.Check(t, func(t *rapid.T) {
		dele := rapid.SliceOf(rapid.String())
		a, b := dele.Draw(t, "a"), dele.Draw(t, "b")
		id := mox.AfledUUID(noegle, a...)
		switch {
		case !mox.ErUUID(id) || id[14] != '8' || !strings.ContainsRune("89ab", rune(id[19])):
			t.Fatalf("%s is no UUIDv8", id)
		case id != mox.AfledUUID(noegle, a...):
			t.Fatalf("%q gives two ids", a)
		case id == mox.AfledUUID([]byte("en anden"), a...):
			t.Fatalf("%q gives the same under another key", a)
		case (id == mox.AfledUUID(noegle, b...)) != (strings.Join(a, "\x00|") == strings.Join(b, "\x00|") && len(a) == len(b)):
			t.Fatalf("%q and %q", a, b)
		}
	})
	for _, par := range [][2][]string{{{"a", "bc"}, {"ab", "c"}}, {{"a"}, {"a", ""}}, {{"1:a;"}, {"a"}}, {nil, {""}}, {{"a;1:b"}, {"a", "b"}}} {
		if mox.AfledUUID(noegle, par[0]...) == mox.AfledUUID(noegle, par[1]...) {
			t.Errorf("%q and %q are taken for the same", par[0], par[1])
		}
	}
}

func TestReference(t *testing.T) {
	t.Parallel()
	conformance.Proves(t, "oio 7", "oio 8")
	for s, want := range map[string]mox.Reference{
		"":                                     {},
		"6A7B8C9D-0E1F-4A2B-9C3D-4E5F6A7B8C9D": {UUID: "6a7b8c9d-0e1f-4a2b-9c3d-4e5f6a7b8c9d"},
		"urn:oio:cvr-nr:12345678":              {URN: "urn:oio:cvr-nr:12345678"},
		"URN:Empty":                            {URN: "URN:Empty"},
		"urn:kmd:sag:Æ ø":                      {URN: "urn:kmd:sag:Æ ø"},
	} {
		got, err := mox.LaesReference(s)
		if err != nil || got != want || got.Tom() != (s == "") || !strings.EqualFold(got.String(), s) {
			t.Errorf("%q: %+v, %v", s, got, err)
		}
	}
	for _, s := range []string{"urn:", "urn:a", "6a7b8c9d", "6a7b8c9d-0e1f-4a2b-9c3d-4e5f6a7b8c9g", "hanne", "urn:a\nb:c", "urn:x:\x00", "urn:x:\xff",
		"urn:" + strings.Repeat("x", 252)} {
		if got, err := mox.LaesReference(s); err == nil {
			t.Errorf("%q is read as %+v", s, got)
		}
	}
}

func TestMaskeret(t *testing.T) {
	t.Parallel()
	for s, want := range map[string]string{
		"":                                 "",
		"010190-1234":                      "******-****",
		"0101901234":                       "******-****",
		"010190 1234":                      "******-****",
		"urn:oio:cpr-nr:0101901234 ukendt": "urn:oio:cpr-nr:******-**** ukendt",
		"to: 010190-1234,0202902345":       "to: ******-****,******-****",
		"sag 2026-000123":                  "sag 2026-000123",
		"cvr 12345678":                     "cvr 12345678",
		"6a7b8c9d-0101-9012-3401-019012340101, 0101901234":            "6a7b8c9d-0101-9012-3401-019012340101, ******-****",
		"0101901234 6A7B8C9D-0101-9012-3401-019012340101 010190-1234": "******-**** 6A7B8C9D-0101-9012-3401-019012340101 ******-****",
		"tlf 98765432, kl. 12:34":                                     "tlf 98765432, kl. 12:34",
	} {
		if got := mox.Maskeret(s); got != want {
			t.Errorf("%q becomes %q, want %q", s, got, want)
		}
	}
}
