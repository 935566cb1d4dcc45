package push

import (
	"encoding/json"
	"encoding/xml"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/moxkit/mox"
	"github.com/moxkit/mox/internal/conformance"
	"github.com/moxkit/mox/oio"
)

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
