package pull_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/moxkit/mox"
	"github.com/moxkit/mox/internal/conformance"
	"github.com/moxkit/mox/internal/problem"
	"github.com/moxkit/mox/internal/wire"
	"github.com/moxkit/mox/oio"
	"github.com/moxkit/mox/store"
)

// kald is a body and the headers it goes with.
type kald struct {
	krop    string
	hoveder []string
}

// kaldI is a besked in each form that can be sent, by the form's name.
func kaldI(t *testing.T, b mox.Besked) map[string]kald {
	t.Helper()
	tekst := func(raa []byte, err error) string {
		maa(t, err)
		return string(raa)
	}
	hoveder, krop, err := oio.CloudEventHeaders(&b)
	maa(t, err)
	var h []string
	for navn, v := range hoveder {
		h = append(h, navn+": "+v)
	}
	slices.Sort(h)
	return map[string]kald{
		"json":       {tekst(oio.MarshalBesked(&b)), []string{"Content-Type: application/json"}},
		"cloudevent": {tekst(oio.MarshalCloudEvent(&b)), []string{"Content-Type: application/cloudevents+json; charset=UTF-8"}},
		"binær":      {string(krop), h},
		"kuvert":     {tekst(oio.MarshalKuvert(&b, oio.Koder{})), []string{"Content-Type: application/xml"}},
	}
}

// Each form that a besked is sent in is the same besked to MOX: the first is taken, the others are the same again.
func TestSendIAlleFormer(t *testing.T) {
	t.Parallel()
	conformance.Proves(t, "mox 34")
	h := nytHus(t)
	for _, indhold := range []string{`{"a":"æ"}`, ""} {
		b := besked(func(b *mox.Besked) {
			b.LivscyklusKode, b.Handling, b.Bruger = "", "Arkivér", "Åse, 50%"
			b.Relateret = []mox.Relateret{{Rolle: "primaerpart", ID: "urn:oio:cpr-nr:0000000000", ObjektType: "Person"}}
			if indhold != "" {
				b.Indholdstype, b.Indhold = "application/vnd.x+json", []byte(indhold)
			}
		}).MedStandard()
		antal := 0
		for form, k := range kaldI(t, b) {
			resp := h.raat(t, "POST", "/api/v1/beskeder", k.krop, append(k.hoveder, h.som("byggesag"))...)
			var m wire.Modtaget
			maa(t, json.NewDecoder(resp.Body).Decode(&m))
			if resp.StatusCode != http.StatusAccepted || m.BeskedID != b.ID || m.Gentaget != (antal > 0) {
				t.Errorf("%s: %d %+v", form, resp.StatusCode, m)
			}
			antal++
		}
		kendte, err := h.Beskeder(t.Context(), b.ID)
		maa(t, err)
		if len(kendte) != 1 || cmp.Diff(b, kendte[0].Besked) != "" {
			t.Errorf("%d: %s", len(kendte), cmp.Diff(b, kendte[0].Besked))
		}
	}
}

// The same refusals in every form.
func TestSammeAfslagIAlleFormer(t *testing.T) {
	t.Parallel()
	h := nytHus(t)
	for navn, c := range map[string]struct {
		aendr  func(*mox.Besked)
		status int
		kode   mox.Kode
	}{
		"andet system": {func(b *mox.Besked) { b.Kildesystem = "ESDH" }, 403, mox.KodeIkkeTilladt},
		"version":      {func(b *mox.Besked) { b.Version = "9" }, 400, mox.KodeBeskedversion},
		"ugyldig":      {func(b *mox.Besked) { b.ObjektID = "x" }, 400, mox.KodeUgyldig},
		"for stor": {func(b *mox.Besked) {
			b.Indholdstype, b.Indhold = "text/plain", bytes.Repeat([]byte("x"), mox.MaksIndhold+1)
		}, 413, mox.KodeForStor},
	} {
		for form, k := range kaldI(t, besked(c.aendr)) {
			resp := h.raat(t, "POST", "/api/v1/beskeder", k.krop, append(k.hoveder, h.som("byggesag"))...)
			if e := problem.Laes("prøve", resp); resp.StatusCode != c.status || e.Kode != c.kode {
				t.Errorf("%s, %s: %d %+v", navn, form, resp.StatusCode, e)
			}
		}
	}
	prov := func(status int, sti, krop string, hoveder ...string) {
		t.Helper()
		resp := h.raat(t, "POST", "/api/v1/beskeder", krop, append(hoveder, h.som("byggesag"))...)
		e := problem.Laes("prøve", resp)
		var stier []string
		for _, f := range e.Felter {
			stier = append(stier, f.Sti)
		}
		if resp.StatusCode != status || strings.Join(stier, " ") != sti {
			t.Errorf("%d %+v, want %d %s", resp.StatusCode, e, status, sti)
		}
	}
	prov(415, "", "<a/>", "Content-Type: text/html")
	prov(415, "", "<a/>", "Content-Type: application/xml; charset=iso-8859-1")
	prov(415, "", "{}", "Content-Type: application/cloudevents+json", "Content-Encoding: gzip")
	prov(400, "Haendelsesbesked", "<a/>", "Content-Type: application/xml")
	prov(400, "", "<!DOCTYPE a><a/>", "Content-Type: application/xml")
	prov(400, "specversion", `{"id": "x"}`, "Content-Type: application/cloudevents+json")
	prov(400, "specversion", "x", "Content-Type: text/plain", "ce-specversion: 2.0", "ce-id: x")
	prov(400, "", "[]", "Content-Type: application/cloudevents+json")
	prov(400, "specversion", "[]", "Content-Type: application/cloudevents-batch+json", "ce-specversion: 2.0") // the headers decide
	prov(400, "", "{}", "Content-Type: application/cloudevents-batch+json")
	prov(413, "", strings.Repeat(" ", 2<<20)+"{}", "Content-Type: application/json")
	prov(413, "", strings.Repeat(" ", 8<<20)+"[]", "Content-Type: application/json")
	prov(413, "", "["+strings.Repeat("{},", oio.MaksBatch)+"{}]", "Content-Type: application/json")
}

// An envelope with more than a besked has fields for is kept whole, is the same besked by another way, and another one when what it
// says has changed.
func TestFremmedKuvertOverHTTP(t *testing.T) {
	t.Parallel()
	conformance.Proves(t, "mox 7", "mox 40", "mox 41")
	h := nytHus(t)
	b := besked(func(b *mox.Besked) { b.Indholdstype, b.Indhold = oio.TypeXML, []byte("<a/>") })
	raa := strings.Replace(kaldI(t, b)["kuvert"].krop, "<a/>", "<a/><b/>", 1)
	andenVej, err := oio.MedLeverancerute([]byte(raa), oio.Leverancerute{Abonnement: "et.andet", AntalLeveranceforsoeg: 2})
	maa(t, err)
	for i, krop := range []string{raa, string(andenVej), strings.Replace(raa, "<b/>", "<c/>", 1)} {
		resp := h.raat(t, "POST", "/api/v1/beskeder", krop, "Content-Type: application/xml", h.som("byggesag"))
		if svar := tekst(t, resp); resp.StatusCode != []int{202, 202, 409}[i] || i == 1 && !strings.Contains(svar, `"gentaget":true`) {
			t.Errorf("%d: %d %s", i, resp.StatusCode, svar)
		}
	}
	w := tag(t, h.Tjeneste, esdh)
	if w.Besked.Indholdstype != oio.TypeKuvert || string(w.Besked.Indhold) != raa {
		t.Errorf("%s %s", w.Besked.Indholdstype, w.Besked.Indhold)
	}
}

type batchsvar struct {
	Svar []struct {
		Nr       int
		Status   int
		Modtaget *wire.Modtaget
		Fejl     *problem.Dokument
	}
}

// A list is answered besked by besked, and a bad one stops none of the others.
func TestListeAfBeskeder(t *testing.T) {
	t.Parallel()
	h := nytHus(t)
	god, andens, sidst := besked(), besked(func(b *mox.Besked) { b.Kildesystem = "ESDH" }), besked()
	json_ := func(b mox.Besked) string { return kaldI(t, b)["json"].krop }
	ce := func(b mox.Besked) string { return kaldI(t, b)["cloudevent"].krop }
	for type_, krop := range map[string]string{
		"application/json":                   fmt.Sprintf(" [%s, %s, {\"titel\": 1}, %s]", json_(god), json_(andens), json_(sidst)),
		"application/cloudevents-batch+json": fmt.Sprintf("[%s, %s, {\"titel\": 1}, %s]", ce(god), ce(andens), ce(sidst)),
	} {
		resp := h.raat(t, "POST", "/api/v1/beskeder", krop, "Content-Type: "+type_, h.som("byggesag"))
		var ud batchsvar
		maa(t, json.NewDecoder(resp.Body).Decode(&ud))
		if resp.StatusCode != http.StatusMultiStatus || len(ud.Svar) != 4 {
			t.Fatalf("%s: %d %+v", type_, resp.StatusCode, ud)
		}
		for i, status := range []int{202, 403, 400, 202} {
			if s := ud.Svar[i]; s.Nr != i || s.Status != status || (s.Modtaget == nil) != (status != 202) || (s.Fejl == nil) != (status == 202) {
				t.Errorf("%s: %+v", type_, s)
			}
		}
		if ud.Svar[0].Modtaget.BeskedID != god.ID || ud.Svar[3].Modtaget.BeskedID != sidst.ID || !strings.HasPrefix(ud.Svar[2].Fejl.Felter[0].Sti, "[2].") {
			t.Errorf("%s: %+v", type_, ud)
		}
	}
	if resp := h.raat(t, "POST", "/api/v1/beskeder", "[]", h.som("byggesag")); resp.StatusCode != http.StatusMultiStatus || strings.TrimSpace(tekst(t, resp)) != `{"svar":[]}` {
		t.Error(resp.StatusCode)
	}
}

// fejl are the open ones.
func (h *hus) fejl(t *testing.T) (ud []store.Fejl) {
	t.Helper()
	maa(t, h.Distributor.Store().View(t.Context(), func(tx *store.Tx) (err error) {
		ud, err = tx.Fejl(store.Udvalg{})
		return err
	}))
	return ud
}

// TestUlaeseligtGemmesHosAfsenderen: what a system has sent and nobody can read, or the system may not say, is refused with
// its code and place, and is kept where its sender finds it. What one who may not send has sent is not.
func TestUlaeseligtGemmesHosAfsenderen(t *testing.T) {
	t.Parallel()
	h := nytHus(t)
	andens := besked(func(b *mox.Besked) { b.Kildesystem = "ESDH" })
	json_, err := oio.MarshalBesked(&andens)
	maa(t, err)
	for navn, x := range map[string]struct {
		kald
		vil mox.Kode
	}{
		"json":          {kald{`{"beskedID":`, []string{"Content-Type: application/json"}}, mox.KodeUgyldig},
		"ukendt felt":   {kald{`{"beskedID":"urn:x:1","objektid":"x"}`, []string{"Content-Type: application/json"}}, mox.KodeUgyldig},
		"xml":           {kald{`<!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>`, []string{"Content-Type: application/xml"}}, mox.KodeUgyldig},
		"andet rum":     {kald{`<Haendelsesbesked xmlns="urn:x"/>`, []string{"Content-Type: application/xml"}}, mox.KodeUgyldig},
		"cloudevent":    {kald{`{"specversion":"0.3"}`, []string{"Content-Type: application/cloudevents+json"}}, mox.KodeUgyldig},
		"binær":         {kald{"krop", []string{"Content-Type: text/plain", "ce-specversion: 1.0", "ce-id: urn:x:1", "ce-registreringstid: i går"}}, mox.KodeUgyldig},
		"et andet navn": {kald{string(json_), []string{"Content-Type: application/json"}}, mox.KodeIkkeTilladt},
	} {
		foer := len(h.fejl(t))
		if e := problem.Laes("prøve", h.raat(t, "POST", "/api/v1/beskeder", x.krop, append(x.hoveder, h.som("byggesag"))...)); e.Kode != x.vil || e.Tekst == "" {
			t.Errorf("%s: %+v", navn, e)
		}
		f := h.fejl(t)
		if len(f) != foer+1 {
			t.Errorf("%s: %d er gemt", navn, len(f)-foer)
			continue
		}
		if sidst := f[len(f)-1]; sidst.System != "Byggesag" || sidst.Kode != string(x.vil) || !bytes.Contains(sidst.Raa, []byte(x.krop)) && navn != "binær" || navn == "binær" && !bytes.Contains(sidst.Raa, []byte("i går")) {
			t.Errorf("%s: %+v", navn, sidst)
		}
	}
	foer := len(h.fejl(t))
	h.raat(t, "POST", "/api/v1/beskeder", "{", "Content-Type: application/json", h.som("laeser"))
	if len(h.fejl(t)) != foer {
		t.Error("en, der ikke må sende, fik noget gemt")
	}
}
