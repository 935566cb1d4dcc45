package push

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/moxkit/mox"
	"github.com/moxkit/mox/oio"
)

// TestAftaltIHverForm: a receiver with agreed fields gets no others, in whichever form it is called and however the besked
// came, also as an envelope that is otherwise forwarded as it is; one that gets all gets that very envelope.
func TestAftaltIHverForm(t *testing.T) {
	t.Parallel()
	alt := []mox.Ret{{Objekttyper: mox.ObjektTyper(), Foelsomhed: []string{mox.Uoplyst}}}
	om := func(system string, felter map[mox.ObjektType][]string) mox.Aftale {
		return mox.Aftale{Navn: system + "-aftale", System: system, GyldigFra: time.Now().Add(-time.Hour), MaaSende: alt, MaaModtage: alt, Felter: felter}
	}
	const cpr, titel, signatur = "0101901234", "Carport", `<x:Underskrift xmlns:x="urn:x">0101901234</x:Underskrift>`
	var mu sync.Mutex
	fik := map[string][]string{}
	s := httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		krop, err := io.ReadAll(r.Body)
		maa(t, err)
		mu.Lock()
		defer mu.Unlock()
		fik[r.URL.Path] = append(fik[r.URL.Path], fmt.Sprint(r.Header)+string(krop)+iBase64(t, krop))
		if strings.HasPrefix(r.Header.Get("Content-Type"), oio.TypeXML) {
			rw.Header().Set("Content-Type", "application/xml")
			_, _ = io.WriteString(rw, `<ModtagBeskedOutput xmlns="urn:oio:sts:1.0.0"><StandardRetur><StatusKode>20</StatusKode></StandardRetur></ModtagBeskedOutput>`)
		}
	}))
	t.Cleanup(s.Close)
	var abonnementer []mox.Abonnement
	for _, form := range []mox.PushForm{mox.FormCloudEvent, mox.FormStruktureret, mox.FormModtagBesked} {
		for _, system := range []string{"Del", "Hel"} {
			id := strings.ToLower(system) + "." + string(form)
			a := abonnement(mox.AbonnementID(id), s.URL+"/"+id)
			a.System, a.Push.Form, a.Orden = system, form, mox.OrdenIngen
			abonnementer = append(abonnementer, a)
		}
	}
	h := nytHusMed(t, mox.Aftaler{om("Byggesag", nil), om("Hel", nil), om("Del", map[mox.ObjektType][]string{mox.Sag: {"egenskaber.titel"}})}, abonnementer...)
	raat, kuvert := beggeVeje(t, titel, cpr, signatur)
	for _, b := range []mox.Besked{raat, kuvert} {
		_, err := h.Send(t.Context(), "Byggesag", b)
		maa(t, err)
	}
	o := h.options()
	o.kod = nil
	start(t, New(h, o))
	indtil(t, "all are called", func() bool {
		mu.Lock()
		defer mu.Unlock()
		n := 0
		for _, l := range fik {
			n += len(l)
		}
		return n == 2*len(abonnementer)
	})
	mu.Lock()
	defer mu.Unlock()
	for sti, l := range fik {
		hel, medSignatur := strings.HasPrefix(sti, "/hel"), 0
		for _, raa := range l {
			if strings.Contains(raa, signatur) {
				medSignatur++
			}
			if hel != strings.Contains(raa, cpr) || !hel && (!strings.Contains(raa, titel) || !strings.Contains(raa, "Del-aftale")) {
				t.Errorf("%s gets %s", sti, raa)
			}
		}
		if sti == "/hel.modtagbesked" && medSignatur != 1 {
			t.Errorf("%d envelopes as they came", medSignatur)
		}
	}
}

// iBase64 is what a structured CloudEvent carries as base64.
func iBase64(t *testing.T, krop []byte) string {
	t.Helper()
	var ce struct {
		Data []byte `json:"data_base64"`
	}
	if !bytes.HasPrefix(krop, []byte("{")) {
		return ""
	}
	maa(t, json.Unmarshal(krop, &ce))
	return string(ce.Data)
}

// beggeVeje is a Sag as JSON, and another in an envelope with more in it than a besked has fields for.
func beggeVeje(t *testing.T, titel, cpr, signatur string) (raat, kuvert mox.Besked) {
	t.Helper()
	type_, _ := mox.TypeAf(mox.Sag)
	raat = besked(objekt(1), 1)
	r, err := mox.Registrering{LivscyklusKode: mox.Rettet, FraTidspunkt: raat.Registreringstid}.Laeg(type_, map[string]string{"egenskaber.titel": titel,
		"relationer.primaerpart": "urn:oio:cpr-nr:" + cpr}, mox.Fra(mox.Kl(raat.Registreringstid)))
	maa(t, err)
	raat.Indhold, err = oio.MarshalRegistrering(mox.Sag, raat.ObjektID, r)
	maa(t, err)
	raat.Indholdstype, raat.Objektreference = oio.TypeJSON, ""
	inde := raat
	inde.ID = mox.BeskedID(mox.NyUUID())
	raa, err := oio.MarshalKuvert(&inde, oio.Koder{})
	maa(t, err)
	const slut = "</besked:Leveranceinformation>"
	raa = bytes.Replace(raa, []byte(slut), []byte("<besked:LeveranceinformationLokalUdvidelse>"+signatur+"</besked:LeveranceinformationLokalUdvidelse>"+slut), 1)
	kuvert, err = oio.UnmarshalKuvert(raa, oio.Koder{})
	maa(t, err)
	if !oio.ErKuvert(kuvert.Indholdstype) {
		t.Fatalf("not kept whole: %s", kuvert.Indholdstype)
	}
	return raat, kuvert
}
