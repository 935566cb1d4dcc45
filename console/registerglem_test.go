package console

import (
	"net/http"
	"strings"
	"testing"

	"github.com/moxkit/mox"
	"github.com/moxkit/mox/distributor"
	"github.com/moxkit/mox/register"
)

// TestGlemIKonsollen erases an objekt: what it takes is shown first, it takes a reason and a legal basis, and then the page
// shows what is left, to each what they may see.
func TestGlemIKonsollen(t *testing.T) {
	t.Parallel()
	administrator := true
	h := nytHus(t, func(o *Options) {
		o.Registerhvem = func(r *http.Request, formaal string) register.Hvem {
			ud := altIRegisteret(r, formaal)
			if !administrator {
				ud.Adgang.Glemme = nil
			}
			return ud
		}
	})
	f, fejl := mox.LaesFilter(map[string]any{"objekttype": "Sag"})
	if len(fejl) > 0 {
		t.Fatal(fejl)
	}
	alle := append(abonnementer(), mox.Abonnement{ID: "arkiv.alt", System: "Arkiv", Carrier: mox.CarrierPull, Filter: f, Orden: mox.OrdenObjekt, Plan: mox.Plan{Forsoeg: 3}, Gentages: true})
	h.maa(h.d.Konfigurer(t.Context(), alle, processer()))
	x := h.fyldRegister()
	for w := h.claim("arkiv.alt"); len(w) > 0; w = h.claim("arkiv.alt") {
		h.done(w[0], mox.Udfald{Resultat: mox.ResAccepteret})
	}
	sag := registerSti(mox.Sag, x.sag)
	h.har(h.side(sag), `href="`+sag+`/glem"`, "Slet for altid")
	vil := h.side(sag + "/glem")
	h.har(vil, "<dt>Registreringer</dt><dd>3</dd>", "<dt>Beskeder, hvis indhold slettes</dt><dd>3</dd>", "Arkiv", "venter", "kan ikke fortrydes")
	h.harIkke(vil, "carport", "Tilbygning", "0102031234")
	for felt, felter := range map[string]map[string]string{"hjemmel": {"begrundelse": "anmodning 14"}, "begrundelse": {"hjemmel": "artikel 17"}} {
		s := h.post(sag+"/glem", sag+"/glem", felter)
		if s.status != http.StatusBadRequest || !strings.Contains(s.krop, felt) || !strings.Contains(s.krop, `value="`+felter["begrundelse"]+felter["hjemmel"]+`"`) {
			t.Errorf("%s: %d %s", felt, s.status, s.krop)
		}
		h.velformet(felt, s.krop)
	}
	administrator = false
	h.harIkke(h.side(sag), sag+"/glem")
	h.harIkke(h.side("/register"), "/register/glemte")
	for _, sti := range []string{sag + "/glem", "/register/glemte"} {
		if s := h.hent(sti); s.status != http.StatusForbidden {
			t.Errorf("%s: %d", sti, s.status)
		}
	}
	grund := map[string]string{"begrundelse": "anmodning 14 <script>", "hjemmel": "artikel 17 <b>her"}
	if s := h.post("/register", sag+"/glem", grund); s.status != http.StatusForbidden {
		t.Errorf("%d", s.status)
	}
	administrator = true
	forloeb := forloebSti(x.sag)
	h.harIkke(h.side(forloeb), "slettet for altid")
	if s := h.post(sag+"/glem", sag+"/glem", grund); s.status != http.StatusSeeOther || s.hoved.Get("Location") != sag+"?gjort=glem" {
		t.Fatalf("%d %s", s.status, s.krop)
	}
	for _, sprog := range []string{dansk, engelsk} {
		for _, sti := range []string{sag + "?gjort=glem", "/register/glemte", forloeb} {
			s := h.hent(sti, sprog)
			if s.status != http.StatusOK {
				t.Errorf("%s: %d", sti, s.status)
			}
			h.velformet(sti, s.krop)
			h.harIkke(s.krop, "carport", "Tilbygning", "0102031234", "<script>alert", "<b>her")
		}
	}
	h.har(h.side(sag), "Slettet for altid", "artikel 17 &lt;b&gt;her", "anmodning 14", "Kirsten Drift", "<dd>3</dd>", "Noter bekræftelsen")
	h.har(h.side(forloeb), "Indholdet er slettet for altid", "artikel 17", sag)
	h.har(h.side("/register/glemte?aabne=1"), "anmodning 14", "Arkiv")
	if s := h.hent(sag + "/glem"); s.status != http.StatusSeeOther {
		t.Errorf("%d", s.status)
	}
	administrator = false
	for _, s := range []string{h.side(sag), h.hent(sag+"?virk=2025-04-01", engelsk).krop} {
		h.har(s, "artikel 17")
		h.harIkke(s, "anmodning 14", "Kirsten Drift</dd>", "Arkiv")
	}
	administrator = true
	if s := h.post(sag, sag+"/bekraeft", map[string]string{"abonnement": "arkiv.alt"}); s.status != http.StatusBadRequest {
		t.Errorf("%d", s.status)
	}
	if s := h.post(sag, sag+"/bekraeft", map[string]string{"abonnement": "arkiv.alt", "begrundelse": "pr. telefon"}); s.status != http.StatusSeeOther {
		t.Errorf("%d %s", s.status, s.krop)
	}
	nu := h.side(sag)
	h.har(nu, "bekræftet", "pr. telefon")
	h.harIkke(nu, "Noter bekræftelsen")
	h.har(h.side("/register/glemte?aabne=1"), "Der er intet.")
	if l := h.handlinger("objekt " + string(x.sag)); len(l) != 2 || l[1].Hvad != "glem" || l[0].Hvad != "bekraeft-sletning" {
		t.Errorf("%+v", l)
	}
}

// TestSletudseende: what a person must see to stands out.
func TestSletudseende(t *testing.T) {
	t.Parallel()
	for stand, vil := range map[string]string{distributor.SletVenter: "vent", distributor.SletBekraeftet: "ok", distributor.SletLukket: "stille", distributor.SletKanIkke: "kritisk", distributor.SletKraeverPerson: "kritisk"} {
		if u := sletudseende(stand, false); u.klasse != vil {
			t.Errorf("%s: %s", stand, u.klasse)
		}
	}
	if u := sletudseende(distributor.SletVenter, true); u.klasse != "kritisk" {
		t.Error(u)
	}
}
