package webhook

import (
	"bytes"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/moxkit/mox"
)

// The vector of the specification's own libraries.
const (
	vektorHemmelighed = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
	vektorID          = "msg_p5jXN8AQM9LWM0D4loKWxJek"
	vektorKrop        = `{"test": 2432232314}`
	vektorSignatur    = "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="
)

func TestUnderskriftSomDenOffentliggjorteVektor(t *testing.T) {
	t.Parallel()
	k, err := LaesHemmelighed(vektorHemmelighed)
	if err != nil {
		t.Fatal(err)
	}
	h := http.Header{}
	Underskriv(h, vektorID, time.Unix(1614265330, 999), []byte(vektorKrop), [][]byte{k})
	if h.Get("Webhook-Id") != vektorID || h.Get("Webhook-Timestamp") != "1614265330" || h.Get("Webhook-Signature") != vektorSignatur {
		t.Errorf("%v", h)
	}
}

func TestUnderSkiftAfHemmelighedErDerEnUnderskriftForHver(t *testing.T) {
	t.Parallel()
	ny, err := LaesHemmelighed(NyHemmelighed())
	if err != nil {
		t.Fatal(err)
	}
	gammel, err := LaesHemmelighed(vektorHemmelighed)
	if err != nil {
		t.Fatal(err)
	}
	h := http.Header{}
	Underskriv(h, vektorID, time.Unix(1614265330, 0), []byte(vektorKrop), [][]byte{ny, gammel})
	s := strings.Split(h.Get(HeaderSignatur), " ")
	if len(s) != 2 || s[0] == s[1] || s[1] != vektorSignatur {
		t.Errorf("%q", s)
	}
	h = http.Header{}
	Underskriv(h, vektorID, time.Unix(1614265330, 0), nil, nil)
	if _, ok := h[http.CanonicalHeaderKey(HeaderSignatur)]; ok || h.Get(HeaderID) == "" {
		t.Errorf("without a secret: %v", h)
	}
}

func TestHemmelighedensForm(t *testing.T) {
	t.Parallel()
	a, b := NyHemmelighed(), NyHemmelighed()
	if a == b {
		t.Error("the same twice")
	}
	ka, err := LaesHemmelighed(a + "\n")
	if err != nil {
		t.Fatal(err)
	}
	if kb, err := LaesHemmelighed(b); err != nil || bytes.Equal(ka, kb) {
		t.Errorf("%v", err)
	}
	for _, s := range []string{"", "whsec_", a[len("whsec_"):], "whsec_!" + a[7:],
		"whsec_" + strings.Repeat("QUJD", 7), "whsec_" + strings.Repeat("QUJD", 22)} {
		_, err := LaesHemmelighed(s)
		if mox.KodeAf(err) != mox.KodeUgyldig {
			t.Errorf("%q: %v", s, err)
		} else if len(s) > 10 && strings.Contains(err.Error(), s[8:]) {
			t.Errorf("the error shows the secret: %v", err)
		}
	}
}

func TestIDErUdenPunktumOgEntydig(t *testing.T) {
	t.Parallel()
	set := map[string]string{}
	for _, noegle := range []string{"6a7b8c9d-0101-4012-8401-019012340101.esdh.journal.1", "6a7b8c9d-0101-4012-8401-019012340101.esdh/journal.1", "urn:x:a.b.c.1", "urn:x:a/b.c.1",
		"urn:x:a%2Fb.c.1", "urn:x:æøå .c.1", "urn:x:æøå+.c.1", "urn:x:\r\n.c.1"} {
		id := ID(noegle)
		if strings.ContainsAny(id, ".\r\n ") || set[id] != "" {
			t.Errorf("%q becomes %q, as %q", noegle, id, set[id])
		}
		for _, c := range id {
			if c < '!' || c > '~' {
				t.Errorf("%q becomes %q", noegle, id)
			}
		}
		set[id] = noegle
	}
}

// What was signed is known, also with an older secret; what was changed, is not for us, or is kept and sent again is refused.
func TestKontroller(t *testing.T) {
	t.Parallel()
	noegle := func(s string) []byte {
		t.Helper()
		k, err := LaesHemmelighed(s)
		if err != nil {
			t.Fatal(err)
		}
		return k
	}
	ny, gammel := noegle(NyHemmelighed()), noegle(vektorHemmelighed)
	nu := time.Unix(1614265330, 0)
	kald := func(aendr func(http.Header)) http.Header {
		h := http.Header{}
		Underskriv(h, vektorID, nu, []byte(vektorKrop), [][]byte{gammel})
		aendr(h)
		return h
	}
	som := func(navn, vaerdi string) http.Header { return kald(func(h http.Header) { h.Set(navn, vaerdi) }) }
	intet := kald(func(http.Header) {})
	for navn, c := range map[string]struct {
		h             http.Header
		efter         time.Duration
		krop          string
		hemmeligheder [][]byte
		ok            bool
	}{
		"som den er":           {intet, 0, vektorKrop, [][]byte{gammel}, true},
		"under skift":          {intet, 0, vektorKrop, [][]byte{ny, gammel}, true},
		"flere underskrifter":  {som(HeaderSignatur, "v1a,x v1,AAAA "+vektorSignatur), 0, vektorKrop, [][]byte{gammel}, true},
		"lidt gammelt":         {intet, Tolerance, vektorKrop, [][]byte{gammel}, true},
		"uret er bagud":        {intet, -Tolerance, vektorKrop, [][]byte{gammel}, true},
		"gammelt":              {intet, Tolerance + time.Second, vektorKrop, [][]byte{gammel}, false},
		"fra fremtiden":        {intet, -Tolerance - time.Second, vektorKrop, [][]byte{gammel}, false},
		"ændret krop":          {intet, 0, vektorKrop + " ", [][]byte{gammel}, false},
		"ændret id":            {som(HeaderID, vektorID+"1"), 0, vektorKrop, [][]byte{gammel}, false},
		"ændret tid":           {som(HeaderTid, "1614265331"), 0, vektorKrop, [][]byte{gammel}, false},
		"ikke en tid":          {som(HeaderTid, "x"), 0, vektorKrop, [][]byte{gammel}, false},
		"uden underskrift":     {som(HeaderSignatur, ""), 0, vektorKrop, [][]byte{gammel}, false},
		"anden version":        {som(HeaderSignatur, "v2"+vektorSignatur[2:]), 0, vektorKrop, [][]byte{gammel}, false},
		"helt uden":            {http.Header{}, 0, vektorKrop, [][]byte{gammel}, false},
		"en anden hemmelighed": {intet, 0, vektorKrop, [][]byte{ny}, false},
		"ingen hemmelighed":    {intet, 0, vektorKrop, nil, false},
	} {
		err := Kontroller(c.h, nu.Add(c.efter), []byte(c.krop), c.hemmeligheder)
		if (err == nil) != c.ok || err != nil && mox.KodeAf(err) != mox.KodeIkkeLoggetInd {
			t.Errorf("%s: %v", navn, err)
		}
	}
}
