package push

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
	maa(t, err)
	h := http.Header{}
	Underskriv(h, vektorID, time.Unix(1614265330, 999), []byte(vektorKrop), [][]byte{k})
	if h.Get("Webhook-Id") != vektorID || h.Get("Webhook-Timestamp") != "1614265330" || h.Get("Webhook-Signature") != vektorSignatur {
		t.Errorf("%v", h)
	}
}

func TestUnderSkiftAfHemmelighedErDerEnUnderskriftForHver(t *testing.T) {
	t.Parallel()
	ny, err := LaesHemmelighed(NyHemmelighed())
	maa(t, err)
	gammel, err := LaesHemmelighed(vektorHemmelighed)
	maa(t, err)
	h := http.Header{}
	Underskriv(h, vektorID, time.Unix(1614265330, 0), []byte(vektorKrop), [][]byte{ny, gammel})
	s := strings.Split(h.Get(HeaderWebhookSignatur), " ")
	if len(s) != 2 || s[0] == s[1] || s[1] != vektorSignatur {
		t.Errorf("%q", s)
	}
	h = http.Header{}
	Underskriv(h, vektorID, time.Unix(1614265330, 0), nil, nil)
	if _, ok := h[http.CanonicalHeaderKey(HeaderWebhookSignatur)]; ok || h.Get(HeaderWebhookID) == "" {
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
	maa(t, err)
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

func TestWebhookIDErUdenPunktumOgEntydig(t *testing.T) {
	t.Parallel()
	set := map[string]string{}
	for _, noegle := range []string{"6a7b8c9d-0101-4012-8401-019012340101.esdh.journal.1", "6a7b8c9d-0101-4012-8401-019012340101.esdh/journal.1", "urn:x:a.b.c.1", "urn:x:a/b.c.1",
		"urn:x:a%2Fb.c.1", "urn:x:æøå .c.1", "urn:x:æøå+.c.1", "urn:x:\r\n.c.1"} {
		id := WebhookID(noegle)
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
