package pull_test

import (
	"strings"
	"testing"
	"time"

	"github.com/moxkit/mox"
	"github.com/moxkit/mox/distributor"
	"github.com/moxkit/mox/indhold"
	"github.com/moxkit/mox/internal/conformance"
	"github.com/moxkit/mox/oio"
)

// aftale lets a system send and receive what is not sensitive, and be given those fields.
func aftale(system string, felter map[mox.ObjektType][]string) mox.Aftale {
	alt := []mox.Ret{{Objekttyper: mox.ObjektTyper()}}
	return mox.Aftale{Navn: system + "-aftale", System: system, GyldigFra: time.Now().Add(-time.Hour), MaaSende: alt, MaaModtage: alt, Felter: felter}
}

// TestAftalenOverHTTP: what a system is given, may look up and may read is no more than its agreement names; its sender sees
// all of its own.
func TestAftalenOverHTTP(t *testing.T) {
	t.Parallel()
	conformance.Proves(t, "mox 31", "mox 57")
	h := nytHusMed(t, aftale("Byggesag", nil), aftale("ESDH", map[mox.ObjektType][]string{mox.Sag: {"egenskaber.titel"}, mox.Dokument: {"egenskaber.titel"}}),
		aftale("Breve", map[mox.ObjektType][]string{mox.Dokument: {"varianter.dele.indhold"}}))
	sha, err := h.GemIndhold(t.Context(), strings.NewReader("hemmeligt"))
	maa(t, err)
	i := indlevering("D-1", "", "p1", indhold.URN+sha)
	i.Poster[0].Foelsomhed = mox.IkkeFortrolig
	i.Poster = append(i.Poster, distributor.Post{Noegle: "S-1", ObjektType: mox.Sag, Foelsomhed: mox.IkkeFortrolig, Felter: map[string]string{"egenskaber.brugervendtnoegle": "S-1",
		"egenskaber.sagsnummer": "S-1", "egenskaber.titel": "Carport", "egenskaber.beskrivelse": "x", "egenskaber.kassationskode": "B", "tilstande.fremdrift": "Opstaaet",
		"relationer.primaerpart": "urn:oio:cpr-nr:0101901234"}})
	ind, err := h.Indlever(t.Context(), i)
	maa(t, err)
	if len(ind.Beskeder) != 2 {
		t.Fatalf("%+v", ind)
	}
	hentet := tekst(t, h.raat(t, "POST", "/api/v1/abonnementer/esdh.journal/hent", `{"ejer":"a","n":10}`, h.som("esdh")))
	if !strings.Contains(hentet, "Carport") || !strings.Contains(hentet, `"beskaaret":"ESDH-aftale"`) || strings.Contains(hentet, "0101901234") || strings.Contains(hentet, sha) {
		t.Errorf("esdh is given %s", hentet)
	}
	om := "/api/v1/beskeder/" + string(ind.Beskeder[1])
	if set := tekst(t, h.raat(t, "GET", om, "", h.som("esdh"))); !strings.Contains(set, "Carport") || strings.Contains(set, "0101901234") {
		t.Errorf("esdh sees %s", set)
	}
	if set := tekst(t, h.raat(t, "GET", om, "", h.som("byggesag"))); !strings.Contains(set, "0101901234") || strings.Contains(set, "beskaaret") {
		t.Errorf("byggesag sees %s", set)
	}
	for navn, c := range map[string]struct {
		abonnement string
		status     int
	}{"esdh": {"esdh.journal", 403}, "breve": {"breve.send", 200}} {
		if resp := h.raat(t, "GET", "/indhold/"+sha+"?abonnement="+c.abonnement, "", h.som(navn)); resp.StatusCode != c.status {
			t.Errorf("%s: %d %s", navn, resp.StatusCode, tekst(t, resp))
		}
	}
	b := besked(func(b *mox.Besked) { b.Foelsomhed = "VIP_SAGER" })
	raa, err := oio.MarshalBesked(&b)
	maa(t, err)
	if resp := h.raat(t, "POST", "/api/v1/beskeder", string(raa), h.som("byggesag")); resp.StatusCode != 403 {
		t.Errorf("sensitive: %d %s", resp.StatusCode, tekst(t, resp))
	}
}
