package drift_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/moxkit/mox"
	"github.com/moxkit/mox/console/drift"
	"github.com/moxkit/mox/distributor"
	"github.com/moxkit/mox/internal/problem"
)

// tekstkald sends lines of text, and reads what a change of a list says.
func (a *api) tekstkald(sti, type_, krop string) (v distributor.Listevirkning, e *mox.Error) {
	a.Helper()
	r, err := http.NewRequestWithContext(a.Context(), http.MethodPost, a.s.URL+drift.Rod+sti, strings.NewReader(krop))
	a.maa(err)
	r.Header.Set("Content-Type", type_)
	resp, err := a.s.Client().Do(r)
	a.maa(err)
	defer func() { _ = resp.Body.Close() }()
	if resp.StatusCode >= 300 {
		return v, problem.Laes("test", resp)
	}
	a.maa(json.NewDecoder(resp.Body).Decode(&v))
	return v, nil
}

func TestListerOverAPI(t *testing.T) {
	t.Parallel()
	a := nytAPI(t, nil)
	var o drift.ListeOprettet
	a.gaar("POST", "lister", m{"navn": "borgere", "noegle": "relateret", "beskrivelse": "Omsorg"}, &o)
	if !o.Ny || o.Navn != "borgere" {
		t.Errorf("%+v", o)
	}
	a.gaar("POST", "lister", m{"navn": "emner", "noegle": "opgaveemne"}, &o)
	const tekst = "text/plain; charset=UTF-8"
	v, e := a.tekstkald("lister/borgere/tilfoej", tekst, "\ufeff0102031234\r\n\r\n29189803\r\n")
	if e != nil || v.Tilfoejet != 2 || v.Laest != 2 || v.Version != 1 {
		t.Errorf("%+v %v", v, e)
	}
	linjer := ""
	for i := range 700 {
		linjer += fmt.Sprintf("27.03.%03d\n", i)
	}
	if v, e = a.tekstkald("lister/emner/erstat", tekst, linjer); e != nil || v.Antal != 700 {
		t.Errorf("%+v %v", v, e)
	}
	if v, e = a.tekstkald("lister/emner/fjern", tekst, "27.03.001"); e != nil || v.Fjernet != 1 {
		t.Errorf("%+v %v", v, e)
	}
	var l drift.Lister
	a.gaar("GET", "lister", nil, &l)
	if len(l.Lister) != 2 || l.Lister[0].Antal != 2 || l.Lister[1].Antal != 699 || l.Lister[0].AendretAf != "Kirsten" || l.Lister[0].Bruges == nil {
		t.Errorf("%+v", l)
	}
	var vs drift.Listevaerdier
	if a.gaar("GET", "lister/borgere", nil, &vs); vs.Skjulte != 2 || len(vs.Vaerdier) != 0 || vs.Naeste != "" {
		t.Errorf("%+v", vs)
	}
	set := map[string]bool{}
	for efter := ""; ; efter = vs.Naeste {
		vs = drift.Listevaerdier{}
		a.gaar("GET", "lister/emner?antal=300&efter="+efter, nil, &vs)
		for _, x := range vs.Vaerdier {
			set[x] = true
		}
		if vs.Naeste == "" {
			break
		}
	}
	if len(set) != 699 || set["27.03.001"] {
		t.Errorf("%d", len(set))
	}
	for _, x := range []struct{ sti, type_, krop string }{{"lister/borgere/tilfoej", "application/json", "[]"}, {"lister/borgere/tilfoej", tekst, "Hans"},
		{"lister/emner/tilfoej", tekst, strings.Repeat("x", 100_000)}, {"lister/emner/tilfoej?x=1", tekst, ""}, {"lister/emner/tilfoej", "text/plain; charset=windows-1252", "27.*"}} {
		if _, e := a.tekstkald(x.sti, x.type_, x.krop); e == nil || e.Kode != mox.KodeUgyldig {
			t.Errorf("%s %s: %v", x.sti, x.type_, e)
		}
	}
	if _, e := a.tekstkald("lister/ingen/tilfoej", tekst, ""); e == nil || e.Kode != mox.KodeIkkeFundet {
		t.Error(e)
	}
	a.fejler(mox.KodeUgyldig, "POST", "lister", m{"navn": "X", "noegle": "relateret"})
	a.fejler(mox.KodeKonflikt, "POST", "lister", m{"navn": "emner", "noegle": "relateret"})
	a.fejler(mox.KodeUgyldig, "GET", "lister/emner?efter=x", nil)
	a.fejler(mox.KodeIkkeFundet, "GET", "lister/ingen", nil)
	a.fejler(mox.KodeUgyldig, "POST", "lister/emner/slet", m{"begrundelse": ""})
	a.gaar("POST", "lister/emner/slet", m{"begrundelse": "bruges ikke"}, nil)
	a.fejler(mox.KodeIkkeFundet, "GET", "lister/emner", nil)
}
