package push

import (
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"regexp"
	"strings"
	"testing"
	"time"

	standardwebhooks "github.com/standard-webhooks/standard-webhooks/libraries/go"

	"github.com/moxkit/mox"
	"github.com/moxkit/mox/distributor"
	"github.com/moxkit/mox/internal/webhook"
)

// optaget is a call as a receiver has kept it.
type optaget struct {
	header http.Header
	krop   []byte
}

// optag delivers w as if it were nu, and keeps the call.
func optag(t *testing.T, w distributor.Arbejde, form mox.PushForm, hemmelighed []byte, nu time.Time) optaget {
	t.Helper()
	kald := make(chan optaget, 1)
	s := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		krop, err := io.ReadAll(r.Body)
		if err != nil {
			t.Error(err)
		}
		kald <- optaget{r.Header, krop}
	}))
	t.Cleanup(s.Close)
	o := naboer()
	o.kod, o.nu = nil, func() time.Time { return nu }
	o.Hemmeligheder = func(mox.Abonnement) [][]byte { return [][]byte{hemmelighed} }
	k := nyKlient(o.medStandard())
	t.Cleanup(k.luk)
	a := abonnement("esdh", s.URL)
	a.Push.Form = form
	l := k.lever(t.Context(), &a, w)
	select {
	case x := <-kald:
		return x
	default:
		t.Fatalf("%+v", l)
		return optaget{}
	}
}

// A receiver that uses the library of Standard Webhooks takes what MOX sends, in every form, and refuses what somebody has
// changed, has no secret for, or has kept and sends again.
func TestModtagerenKanVerificereMedDetOfficielleBibliotek(t *testing.T) {
	t.Parallel()
	hemmelighed := webhook.NyHemmelighed()
	wh, err := standardwebhooks.NewWebhook(hemmelighed)
	maa(t, err)
	andens, err := standardwebhooks.NewWebhook(webhook.NyHemmelighed())
	maa(t, err)
	noegle, err := webhook.LaesHemmelighed(hemmelighed)
	maa(t, err)
	w := arbejde()
	for _, form := range []mox.PushForm{mox.FormCloudEvent, mox.FormStruktureret, mox.FormModtagBesked} {
		kald := func(alder time.Duration) optaget { return optag(t, w, form, noegle, time.Now().Add(-alder)) }
		k := kald(0)
		maa(t, wh.Verify(k.krop, k.header))
		if andens.Verify(k.krop, k.header) == nil {
			t.Errorf("%s: en anden hemmelighed", form)
		}
		if wh.Verify(append(k.krop, ' '), k.header) == nil {
			t.Errorf("%s: en ændret krop", form)
		}
		for _, navn := range []string{webhook.HeaderID, webhook.HeaderTid} {
			h := k.header.Clone()
			h.Set(navn, h.Get(navn)+"1")
			if wh.VerifyIgnoringTimestamp(k.krop, h) == nil {
				t.Errorf("%s: ændret %s", form, navn)
			}
		}
		gammelt := kald(6 * time.Minute)
		if wh.Verify(gammelt.krop, gammelt.header) == nil || wh.VerifyIgnoringTimestamp(gammelt.krop, gammelt.header) != nil {
			t.Errorf("%s: et optaget kald, der sendes igen efter seks minutter", form)
		}
		if gammelt.header.Get(webhook.HeaderID) != k.header.Get(webhook.HeaderID) {
			t.Errorf("%s: samme leverance under to id'er", form)
		}
	}
}

// The values that the guide for vendors gives them to try with are right.
func TestVejledningensVaerdiAtProeveMed(t *testing.T) {
	t.Parallel()
	b, err := os.ReadFile("../../docs/http.da.md")
	maa(t, err)
	_, efter, _ := strings.Cut(string(b), "<!-- vektor -->")
	tabel, _, ok := strings.Cut(efter, "<!-- /vektor -->")
	v := map[string]string{}
	for _, r := range regexp.MustCompile("(?m)^\\| `?([a-z-]+)`? \\| `(.*)` \\|$").FindAllStringSubmatch(tabel, -1) {
		v[r[1]] = r[2]
	}
	if !ok || len(v) != 5 {
		t.Fatalf("%v", v)
	}
	wh, err := standardwebhooks.NewWebhook(v["hemmelighed"])
	maa(t, err)
	h := http.Header{}
	for _, navn := range []string{webhook.HeaderID, webhook.HeaderTid, webhook.HeaderSignatur} {
		h.Set(navn, v[navn])
	}
	maa(t, wh.VerifyIgnoringTimestamp([]byte(v["krop"]), h))
}
