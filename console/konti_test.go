package console

import (
	"net/http"
	"testing"

	"github.com/moxkit/mox"
	"github.com/moxkit/mox/auth"
	"github.com/moxkit/mox/konto"
)

// kontihus is a console with accounts: Åse's, and one that is closed.
func kontihus(t *testing.T) (*hus, *konto.Konti) {
	t.Helper()
	var k *konto.Konti
	h := nytHus(t, func(o *Options) {
		k = konto.New(o.D.Store(), konto.Options{})
		o.Konti = k
	})
	for navn, rolle := range map[string]auth.Rolle{"Åse Lund": auth.Drift, "Per Gammel": auth.Laeser} {
		h.maa(k.Opret(t.Context(), navn, rolle, kodeord, konto.Hvem{Navn: "lokal"}))
	}
	h.maa(k.Luk(t.Context(), "Per Gammel", konto.Hvem{Navn: "lokal", Begrundelse: "pension"}))
	return h, k
}

func (h *hus) konto(k *konto.Konti, navn string) konto.Konto {
	h.Helper()
	l, err := k.Liste(h.Context())
	h.maa(err)
	for _, x := range l {
		if x.Navn == navn {
			return x
		}
	}
	h.Fatalf("no account %q", navn)
	return konto.Konto{}
}

const aase = "/konti/%C3%85se%20Lund"

// TestKontiene in a list and one by one, with what has been done to them and who is locked out.
func TestKontiene(t *testing.T) {
	t.Parallel()
	h, k := kontihus(t)
	for range konto.MaksForNavn + 1 {
		if _, err := k.LogInd(t.Context(), "Åse Lund", "et forkert kodeord", "192.0.2.1"); err == nil {
			t.Fatal("a wrong password lets in")
		}
	}
	h.har(h.side("/konti"), `href="`+aase+`"`, "drift", "har ikke været inde", "spærret til", "Lukkede konti", "Per Gammel")
	h.har(h.side(aase), "spærret til", "Skift rolle", "Giv et nyt kodeord", "Log ud alle steder", "Luk kontoen", "oprettede kontoen")
	h.harIkke(h.side("/konti/Per%20Gammel"), "Skift rolle", "Luk kontoen")
	h.har(h.side("/konti/Per%20Gammel"), "lukkede kontoen", "pension")
	for _, sprog := range []string{dansk, engelsk} {
		for _, sti := range []string{"/konti", aase, "/konti/Per%20Gammel", "/opret/konto"} {
			h.velformet(sti, h.hent(sti, sprog).krop)
		}
	}
	if s := h.hent("/konti/Ukendt"); s.status != http.StatusNotFound {
		t.Errorf("%d", s.status)
	}
}

// TestEnKontoOprettes, and what is wrong stands at its field; a password does not come back.
func TestEnKontoOprettes(t *testing.T) {
	t.Parallel()
	h, k := kontihus(t)
	god := map[string]string{"navn": "Kirsten  Hansen", "rolle": "laeser", "kodeord": "syv grønne lamper", "igen": "syv grønne lamper", "begrundelse": "ny i driften"}
	for navn, c := range map[string]struct{ felt, vaerdi, skal string }{
		"ikke ens":    {"igen", "otte grønne lamper", `id="igen-fejl"`},
		"for kort":    {"kodeord", "kort", "igen-fejl"},
		"uden grund":  {"begrundelse", " ", `id="begrundelse-fejl"`},
		"taget":       {"navn", "åse lund", "er brugt"},
		"rolle":       {"rolle", "system", "er ikke laeser, drift eller administrator"},
		"intet navn":  {"navn", "", `id="navn-fejl"`},
		"et CPR-navn": {"navn", "0102031234", `id="navn-fejl"`},
	} {
		felter := map[string]string{}
		for f, v := range god {
			felter[f] = v
		}
		felter[c.felt] = c.vaerdi
		s := h.post("/opret/konto", "/opret/konto", felter)
		if s.status != http.StatusBadRequest && s.status != http.StatusConflict {
			t.Errorf("%s: %d", navn, s.status)
		}
		h.har(s.krop, c.skal)
		h.harIkke(s.krop, "grønne lamper")
		h.velformet(navn, s.krop)
	}
	if s := h.post("/opret/konto", "/opret/konto", god); s.status != http.StatusSeeOther || s.hoved.Get("Location") != "/konti/Kirsten%20Hansen?gjort=konto-oprettet" {
		t.Fatalf("%d %s", s.status, s.krop)
	}
	if x := h.konto(k, "Kirsten Hansen"); x.Rolle != auth.Laeser || x.OprettetAf != "Kirsten Drift" {
		t.Errorf("%+v", x)
	}
	if l := h.handlinger("bruger Kirsten Hansen"); len(l) != 1 || l[0].Begrundelse != "ny i driften" {
		t.Errorf("%+v", l)
	}
}

// TestHandlingerPaaEnKonto: each takes a reason, ends the sessions, and is logged.
func TestHandlingerPaaEnKonto(t *testing.T) {
	t.Parallel()
	h, k := kontihus(t)
	nyt := map[string]string{"rolle": "administrator", "kodeord": "syv grønne lamper", "igen": "syv grønne lamper"}
	for i, handling := range []string{"rolle", "kodeord", "log-ud", "luk"} {
		if s := h.post(aase, aase+"/"+handling, nyt); s.status != http.StatusBadRequest {
			t.Errorf("%s without a reason: %d", handling, s.status)
		} else {
			h.har(s.krop, `id="`+handling+`-begrundelse-fejl"`)
			h.velformet(handling, s.krop)
		}
		ord := map[bool]string{true: kodeord, false: nyt["kodeord"]}[i < 2]
		if _, err := k.LogInd(t.Context(), "Åse Lund", ord, "192.0.2.1"); err != nil {
			t.Fatalf("%s: %v", handling, err)
		}
		nyt["begrundelse"] = "aftalt " + handling
		if handling == "luk" { // Åse has become the only administrator
			s := h.post(aase, aase+"/luk", nyt)
			if s.status != http.StatusConflict {
				t.Errorf("the last administrator: %d", s.status)
			}
			h.har(s.krop, "Åse Lund er den sidste administrator", "giv først en anden rollen", "aftalt luk")
			h.velformet("den sidste", s.krop)
			h.maa(k.Opret(t.Context(), "Bo Birk", auth.Administrator, kodeord, konto.Hvem{Navn: "lokal"}))
		}
		s := h.post(aase, aase+"/"+handling, nyt)
		delete(nyt, "begrundelse")
		if s.status != http.StatusSeeOther || s.hoved.Get("Location") != aase+"?gjort=konto-"+handling {
			t.Fatalf("%s: %d %s", handling, s.status, s.krop)
		}
		if x := h.konto(k, "Åse Lund"); x.Sessioner != 0 {
			t.Errorf("%s: still logged in: %+v", handling, x)
		}
		if l := h.handlinger("bruger Åse Lund"); l[0].Hvem != "Kirsten Drift" || l[0].Begrundelse != "aftalt "+handling {
			t.Errorf("%s: %+v", handling, l)
		}
		h.har(h.side(s.hoved.Get("Location")), "aftalt "+handling, `role="status"`)
	}
	if x := h.konto(k, "Åse Lund"); x.Rolle != auth.Administrator || x.Lukket.IsZero() {
		t.Errorf("%+v", x)
	}
	if s := h.post("/konti", aase+"/rolle", map[string]string{"rolle": "drift", "begrundelse": "x"}); s.status != http.StatusNotFound {
		t.Errorf("a closed account: %d", s.status)
	}
	if _, err := k.LogInd(t.Context(), "Åse Lund", nyt["kodeord"], "192.0.2.1"); mox.KodeAf(err) != mox.KodeIkkeLoggetInd {
		t.Errorf("%v", err)
	}
}

// TestKontiErKunForAdministratorer: others see neither the pages nor the way to them.
func TestKontiErKunForAdministratorer(t *testing.T) {
	t.Parallel()
	for rolle, maa := range map[auth.Rolle]bool{auth.Laeser: false, auth.Drift: false, auth.Administrator: true} {
		h, k := kontihus(t)
		h.medRolle(rolle)
		if vej := `href="/konti"`; maa {
			h.har(h.side("/agenter"), vej)
		} else {
			h.harIkke(h.side("/agenter"), vej)
		}
		for _, sti := range []string{"/konti", aase, "/opret/konto"} {
			if s := h.hent(sti); maa != (s.status == http.StatusOK) || !maa && s.status != http.StatusForbidden {
				t.Errorf("%s %s: %d", rolle, sti, s.status)
			}
		}
		if maa {
			continue
		}
		for _, sti := range []string{"/opret/konto", aase + "/rolle", aase + "/kodeord", aase + "/log-ud", aase + "/luk"} {
			s := h.post("/abonnementer/esdh.sager/pause", sti, map[string]string{"navn": "Ny", "rolle": "administrator", "kodeord": "syv grønne lamper", "igen": "syv grønne lamper", "begrundelse": "x"})
			if s.status != http.StatusForbidden {
				t.Errorf("%s %s: %d", rolle, sti, s.status)
			}
		}
		if x := h.konto(k, "Åse Lund"); x.Rolle != auth.Drift || !x.Lukket.IsZero() {
			t.Errorf("%+v", x)
		}
	}
	h := nytHus(t)
	if s := h.hent("/konti"); s.status != http.StatusNotFound {
		t.Errorf("where there are none: %d", s.status)
	}
}
