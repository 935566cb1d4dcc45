package push

import (
	"encoding/json"
	"encoding/xml"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/moxkit/mox"
	"github.com/moxkit/mox/internal/conformance"
	"github.com/moxkit/mox/internal/fejlnet"
	"github.com/moxkit/mox/oio"
)

// hurtig are options whose breaker does not keep a test waiting.
func (h *hus) hurtig(m ...*modtager) Options {
	o := h.options(m...)
	o.VentFoerst, o.VentHoejst = 5*time.Millisecond, 20*time.Millisecond
	return o
}

// stille reports whether nothing is on its way.
func (h *hus) stille() bool {
	h.Helper()
	n, err := h.Distributor.IGang(h.Context())
	maa(h, err)
	return n == 0
}

// TestModtagerenErNedeEtStykkeTid: the breaker opens, one leverance at a time is tried, and all come when it is back by
// itself, in order.
func TestModtagerenErNedeEtStykkeTid(t *testing.T) {
	t.Parallel()
	m := nyModtager(t)
	net := fejlnet.New(t, strings.TrimPrefix(m.URL, "https://"))
	net.Set(fejlnet.Down)
	h := nytHus(t, abonnement("esdh", "https://"+net.Addr()))
	p := New(h, h.hurtig(m))
	start(t, p)
	const objekter, hver = 10, 10
	h.send(objekter, hver)
	indtil(t, "the breaker open for a while", func() bool { s := p.Stand()["esdh"]; return s.Aaben && s.Fejl > 15 })
	net.Set(fejlnet.Pass)
	indtil(t, "all delivered", func() bool { return m.gjort() == objekter*hver && h.stille() })
	m.ordnet(t, objekter, hver)
	indtil(t, "the breaker closed", func() bool { return !p.Stand()["esdh"].Aaben })
}

// TestEnModtagerDerHaengerHolderIngenFast: a stop waits no longer than Naade, and the attempt is one without known outcome.
func TestEnModtagerDerHaengerHolderIngenFast(t *testing.T) {
	t.Parallel()
	m := nyModtager(t)
	slip, kom := make(chan struct{}), make(chan struct{})
	t.Cleanup(func() { close(slip) })
	m.foer = func(http.ResponseWriter, kald1) bool {
		close(kom)
		<-slip
		return false
	}
	h := nytHus(t, abonnement("esdh", m.URL))
	o := h.hurtig(m)
	o.Naade = time.Millisecond
	stop := start(t, New(h, o))
	h.send(1, 1)
	<-kom
	stop()
	if l := h.leverancer("esdh", 1, 1); len(l) != 1 || l[0].Tilstand != mox.Udsat || l[0].Kode != kodeUdenSvar {
		t.Errorf("%+v", l)
	}
}

// TestAbonnementerKommerOgFlytter while Push runs.
func TestAbonnementerKommerOgFlytter(t *testing.T) {
	t.Parallel()
	foerste, anden := nyModtager(t), nyModtager(t)
	h := nytHus(t)
	start(t, New(h, h.hurtig(foerste, anden)))
	h.konfigurer(abonnement("esdh", foerste.URL))
	h.send(1, 1)
	indtil(t, "the first has it", func() bool { return foerste.gjort() == 1 })
	h.konfigurer(abonnement("esdh", anden.URL)) // it has moved
	h.send(2, 1)
	indtil(t, "the second has its", func() bool { return anden.gjort() == 2 })
}

// TestHverFormKanLaesesAfModtageren in the form's own terms.
func TestHverFormKanLaesesAfModtageren(t *testing.T) {
	t.Parallel()
	conformance.Proves(t, "mox 33", "mox 35")
	w := arbejde()
	w.Besked.Relateret = []mox.Relateret{{Rolle: "primaerpart", ID: "urn:oio:cvr-nr:29189803", ObjektType: "Virksomhed"}}
	for form, laes := range map[mox.PushForm]func(*http.Request, []byte) (mox.Besked, error){
		mox.FormCloudEvent: func(r *http.Request, krop []byte) (mox.Besked, error) {
			h := map[string]string{}
			for navn := range r.Header {
				h[navn] = r.Header.Get(navn)
			}
			return oio.FraCloudEventHeaders(h, krop)
		},
		mox.FormStruktureret: func(r *http.Request, krop []byte) (mox.Besked, error) {
			var ce map[string]any
			if err := json.Unmarshal(krop, &ce); err != nil || ce["specversion"] != "1.0" || r.Header.Get("Content-Type") != oio.TypeCloudEvent {
				t.Errorf("%v %s", err, r.Header.Get("Content-Type"))
			}
			return oio.UnmarshalCloudEvent(krop)
		},
		mox.FormModtagBesked: func(_ *http.Request, krop []byte) (mox.Besked, error) {
			var ind struct {
				XMLName xml.Name `xml:"urn:oio:sts:1.0.0 ModtagBeskedInput"`
				Kuvert  []byte   `xml:",innerxml"`
			}
			maa(t, xml.Unmarshal(krop, &ind))
			if !strings.Contains(string(ind.Kuvert), "esdh") || !strings.Contains(string(ind.Kuvert), "7c2f0a1b-0000-4000-8000-0000000000ff") {
				t.Errorf("no hop of ours: %s", ind.Kuvert)
			}
			return oio.UnmarshalKuvert(ind.Kuvert, oio.Koder{})
		},
	} {
		var fik mox.Besked
		s := httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
			krop, err := io.ReadAll(r.Body)
			maa(t, err)
			fik, err = laes(r, krop)
			maa(t, err)
			if form == mox.FormModtagBesked {
				rw.Header().Set("Content-Type", "application/xml")
				_, _ = io.WriteString(rw, `<ModtagBeskedOutput xmlns="urn:oio:sts:1.0.0"><StandardRetur><StatusKode>20</StatusKode></StandardRetur></ModtagBeskedOutput>`)
			}
		}))
		t.Cleanup(s.Close)
		o := naboer()
		o.kod, o.Fordeler = nil, "7c2f0a1b-0000-4000-8000-0000000000ff"
		k := nyKlient(o.medStandard())
		t.Cleanup(k.luk)
		a := abonnement("esdh", s.URL)
		a.Push.Form = form
		k.lever(t.Context(), &a, w).udfaldEr(t, mox.ResAccepteret, map[bool]string{true: "20", false: "200"}[form == mox.FormModtagBesked], "")
		if fik.ID != w.Besked.ID || fik.ObjektID != w.Besked.ObjektID || fik.RegistreringID != w.Besked.RegistreringID || len(fik.Relateret) != 1 {
			t.Errorf("%s: %+v", form, fik)
		}
	}
}
