package rest_test

import (
	"strings"
	"testing"
	"time"

	"github.com/moxkit/mox"
	"github.com/moxkit/mox/auth"
	"github.com/moxkit/mox/register"
)

// medModtager lets a receiver that takes orders to erase have what the register tells.
func (h *hus) medModtager() {
	h.Helper()
	f, fejl := mox.LaesFilter(map[string]any{"kildesystem": "Register"})
	if len(fejl) > 0 {
		h.Fatal(fejl)
	}
	a := []mox.Abonnement{{ID: "alt", System: "Alt", Carrier: mox.CarrierPull, Filter: f, Orden: mox.OrdenObjekt, Plan: mox.Plan{Forsoeg: 3}, Gentages: true}}
	if err := h.d.Konfigurer(h.Context(), a, nil); err != nil {
		h.Fatal(err)
	}
}

const glemkrop = `{"begrundelse":"anmodning 14","hjemmel":"artikel 17","frist_dage":10}`

// TestGlem erases over HTTP: what it would take is told first, and what is left is told afterwards, to each as much as they may know.
func TestGlem(t *testing.T) {
	paaBegge(t, func(h *hus) {
		h.medModtager()
		id := h.ny(sag("S-1", "", ""))
		sti := "/sag/sag/" + id
		h.kald("PATCH", sti, `{"note":"igen","attributter":{"sagegenskaber":[{"titel":"ny",`+altid+`}]}}`).vil(200)
		h.beskeder()
		h.kald("GET", sti+"/glem", "").vil(200).er("slettet", "false").er("slettede.registreringer", "2").er("slettede.beskeder", "2").er("modtagere.0.abonnement", "alt").er("modtagere.0.stand", "venter").er("glemt", "")
		h.kald("GET", sti, "").vil(200)
		h.kald("POST", sti+"/glem", `{"begrundelse":"x"}`).vil(400).er("felter.0.sti", "hjemmel")
		h.kald("POST", sti+"/glem", `{"begrundelse":"x","hjemmel":"y","ja":true}`).vil(400)
		h.kald("PUT", sti+"/glem", `{}`).vil(405)
		h.kald("POST", sti+"/glem", glemkrop).vil(200).er("slettet", "true").er("allerede", "").er("glemt.registreringer", "2").er("glemt.begrundelse", "anmodning 14").er("slettede.beskeder", "2")
		h.kald("POST", sti+"/glem", glemkrop).vil(200).er("allerede", "true").er("slettede", "").er("modtagere.0.stand", "venter")
		h.kald("GET", sti+"/glem", "").vil(200).er("slettet", "true").er("glemt.hvem", auth.Lokal().Navn)

		for _, k := range []struct{ metode, sti, krop string }{{"GET", sti, ""}, {"GET", sti + "?registreretfra=2020-01-01", ""}, {"GET", sti + "/forskel", ""}, {"PUT", sti, sag("S-1", "", "")},
			{"PATCH", sti, `{"note":"x"}`}, {"DELETE", sti, ""}} {
			s := h.kald(k.metode, k.sti, k.krop).vil(410).er("kode", "glemt").er("title", "Slettet for altid")
			if d := s.paa("detail"); !strings.Contains(d, "artikel 17") || strings.Contains(s.tekst, "anmodning") || s.paa("raad") == "" {
				h.Errorf("%s", s.tekst)
			}
		}
		h.kald("GET", "/sag/sag?uuid="+id, "").vil(200).er("results", "[[]]")
		h.kald("GET", "/sag/sag?bvn=S-1", "").vil(200).er("results", "[[]]")
		h.kald("POST", "/sag/sag/importer", `[{"id":"`+id+`","registreringer":[`+sag("S-1", "", "")+`]}]`).vil(200).er("svar.0.fejl.kode", "glemt")

		h.forvaltning("glemte", `{"aabne":true}`).vil(200).er("glemte.0.objekt", id).er("glemte.0.modtagere.0.system", "Alt")
		h.forvaltning("glemte", `{"objekt":"00000000-0000-4000-8000-000000000000"}`).vil(404)
		h.forvaltning("glemte", `{"antal":501}`).vil(400)
		h.forvaltning("bekraeft-sletning", `{"objekt":"`+id+`","abonnement":"alt","begrundelse":""}`).vil(400)
		h.forvaltning("bekraeft-sletning", `{"objekt":"`+id+`","abonnement":"alt","begrundelse":"pr. telefon"}`).vil(200).er("glemte.0.modtagere.0.stand", "bekraeftet").er("glemte.0.modtagere.0.aarsag", "pr. telefon")
		h.forvaltning("glemte", `{"aabne":true}`).vil(200).er("glemte", "[]")
		if log := h.log.String(); log != "" {
			h.Errorf("the log tells %s", log)
		}
	})
}

func (h *hus) forvaltning(navn, krop string) svar {
	h.Helper()
	return h.kald("POST", "/api/v1/register/"+navn, krop)
}

// TestHvemMaaGlemme: an administrator, or a system whose agreement says so, where it says so.
func TestHvemMaaGlemme(t *testing.T) {
	aftale := func(system string, glemme ...mox.Ret) mox.Aftale {
		part := mox.Part{Navn: "x", CVR: "12345678"}
		return mox.Aftale{Navn: system, System: system, Dataansvarlig: part, Databehandler: part, Formaal: "x", Hjemmel: "x", Kategorier: []string{"x"}, Slettefrist: "x", GyldigFra: time.Unix(0, 0),
			MaaLaese: []mox.Ret{{Objekttyper: []mox.ObjektType{mox.Sag}, Foelsomhed: []string{mox.Uoplyst}}}, MaaGlemme: glemme, MaaSende: []mox.Ret{{Objekttyper: mox.ObjektTyper()}}}
	}
	uoplyst := []string{mox.Uoplyst}
	aftaler := mox.Aftaler{aftale("Laeser"), aftale("Andre", mox.Ret{Objekttyper: []mox.ObjektType{mox.Sag}, Myndigheder: []string{"11111111"}, Foelsomhed: uoplyst}),
		aftale("Sletter", mox.Ret{Objekttyper: []mox.ObjektType{mox.Sag}, Foelsomhed: uoplyst})}
	paaBeggeMed(t, aftaler, register.Options{}, func(h *hus) {
		id := h.ny(sag("S-1", "", ""))
		for i, c := range []struct {
			hvem   auth.Identitet
			status int
		}{
			{auth.Identitet{Navn: "l", Rolle: auth.Laeser}, 403}, {auth.Identitet{Navn: "d", Rolle: auth.Drift}, 403}, {auth.Identitet{Navn: "s", System: "Ukendt", Rolle: auth.System}, 403},
			{auth.Identitet{Navn: "s", System: "Laeser", Rolle: auth.System}, 403}, {auth.Identitet{Navn: "s", System: "Andre", Rolle: auth.System}, 403}, {auth.Identitet{Navn: "s", System: "Sletter", Rolle: auth.System}, 200},
			{auth.Identitet{Navn: "a", Rolle: auth.Administrator}, 200},
		} {
			h.hvem = c.hvem
			if s := h.kald("POST", "/sag/sag/"+id+"/glem", glemkrop); s.status != c.status {
				t.Errorf("%d: %d %s", i, s.status, s.tekst)
			}
		}
		h.hvem = auth.Identitet{Navn: "d", Rolle: auth.Drift}
		h.forvaltning("glemte", `{}`).vil(403)
		h.forvaltning("bekraeft-sletning", `{}`).vil(403)
	})
}
