package snitflade

import (
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/moxkit/mox/afproevning/snitflade/mellemled"
	"github.com/moxkit/mox/connector"
	"github.com/moxkit/mox/internal/webhook"
)

const proevehemmelighed = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"

// besk is a besked in order, as a product has sent it, changed by each of aendret.
func besk(aendret ...func(*Modtaget)) *Modtaget {
	nu := time.Now()
	m := &Modtaget{Trin: 1, Tid: nu, Svar: Tag, Form: Headers, Indholdstype: "application/json", Vedvarende: true, SvarTil: "svar", Korrelation: "1", Noegle: "k",
		Indhold: []byte(`{"objektID":"8f6f2a0e-1c9b-4d0e-9a54-2f6a3a1d7c11","registrering":{"titel":"x"}}`),
		Felter: map[string][]string{"beskedID": {"5a4cf0d6-6f1a-4c1f-8a6c-0d9e2b7a1c33"}, "objektID": {"8f6f2a0e-1c9b-4d0e-9a54-2f6a3a1d7c11"}, "objekttype": {"Sag"},
			"livscykluskode": {"Opstaaet"}, "registreringstid": {nu.UTC().Format(time.RFC3339Nano)}, "kildesystem": {"Byggesag"}, "specversion": {"1.0"},
			"relateret.primaerpart": {"urn:oio:cpr-nr:" + opdigtetCPR}, "relateretObjekttype.primaerpart": {"Person"}},
		Slags: map[string]string{"beskedID": "tekst", "registreringstid": "tekst", "relateret.primaerpart": "liste"}, Navne: []string{"beskedID", "tilstand"}, Hoved: http.Header{}}
	for _, f := range aendret {
		f(m)
	}
	return m
}

func felt(navn string, v ...string) func(*Modtaget) { return func(m *Modtaget) { m.Felter[navn] = v } }
func trin(nr int) func(*Modtaget)                   { return func(m *Modtaget) { m.Trin = nr } }
func svarede(s Svar) func(*Modtaget)                { return func(m *Modtaget) { m.Svar = s } }
func form(f Form) func(*Modtaget)                   { return func(m *Modtaget) { m.Form = f } }
func indhold(s string) func(*Modtaget)              { return func(m *Modtaget) { m.Indhold = []byte(s) } }
func hoved(navn, v string) func(*Modtaget)          { return func(m *Modtaget) { m.Hoved.Set(navn, v) } }
func kuvertmed(dele string) func(*Modtaget) {
	return func(m *Modtaget) {
		m.Form = Kuvert
		m.Kuvert, _ = connector.ParseXML("<Haendelsesbesked><BeskedId><UUIDIdentifikator>1</UUIDIdentifikator></BeskedId><BeskedVersion>1.0</BeskedVersion><Beskedkuvert>" + dele + "</Beskedkuvert></Haendelsesbesked>")
	}
}

func i(n int) *int { return &n }

// medSignatur is a call that is signed at a time, with a body that may be another.
func medSignatur(id string, alder time.Duration, krop string) func(*Modtaget) {
	return func(m *Modtaget) {
		tid := strconv.FormatInt(time.Now().Add(-alder).Unix(), 10)
		m.Krop = []byte("krop")
		m.Hoved.Set("webhook-id", id)
		m.Hoved.Set("webhook-timestamp", tid)
		k, _ := webhook.LaesHemmelighed(proevehemmelighed)
		m.Hoved.Set("webhook-signature", underskrift(k, id, tid, []byte(krop)))
	}
}

const (
	heleKuverten = "<Filtreringsdata><Beskedtype><URNIdentifikator>a</URNIdentifikator></Beskedtype></Filtreringsdata><Leveranceinformation/>"
	senere       = "2026-03-02T08:15:02Z"
	foer         = "2026-03-02T08:15:01Z"
)

// Every check of a sender finds what it is for, passes what is in order, and says so when there is nothing to look at.
func TestAfsendertjek(t *testing.T) {
	t.Parallel()
	igen := igenSomFoer
	to := func(a, b func(*Modtaget)) []*Modtaget {
		return []*Modtaget{besk(a), besk(trin(2), felt("beskedID", "urn:x:2"), felt("livscykluskode", "Rettet"), b)}
	}
	intet := func(*Modtaget) {}
	linje := func(h ...mellemled.Haendelse) *forloeb { return &forloeb{haendelser: h} }
	type proeve struct {
		e                 Forvent
		godt, fejl, ingen []*Modtaget // ingen: there is nothing in it that the check is about
		godtFl, fejlFl    *forloeb
	}
	tabel := map[string]proeve{
		"laesbar":             {godt: []*Modtaget{besk()}, fejl: []*Modtaget{besk(func(m *Modtaget) { m.Ulaeselig = "ikke XML" })}},
		"findes":              {e: Forvent{Felter: []string{"handling", "livscykluskode"}}, godt: []*Modtaget{besk()}, fejl: []*Modtaget{besk(felt("livscykluskode", ""))}},
		"form":                {e: Forvent{Felt: "objektID", Form: "uuid"}, godt: []*Modtaget{besk()}, fejl: []*Modtaget{besk(felt("objektID", "2026-1"))}, ingen: []*Modtaget{besk(felt("objektID"))}},
		"vaerdi":              {e: Forvent{Felt: "livscykluskode", EnAf: []string{"Opstaaet"}}, godt: []*Modtaget{besk()}, fejl: []*Modtaget{besk(felt("livscykluskode", "Rettet"))}, ingen: []*Modtaget{besk(felt("livscykluskode"))}},
		"hvis_der":            {e: Forvent{Felt: "beskedversion", EnAf: []string{"1.0"}}, godt: []*Modtaget{besk(), besk(felt("beskedversion", "1.0"))}, fejl: []*Modtaget{besk(felt("beskedversion", "2.0"))}},
		"ikke_vaerdi":         {e: Forvent{Felt: "beskedtype", EnAf: []string{"Kvittering"}}, godt: []*Modtaget{besk()}, fejl: []*Modtaget{besk(felt("beskedtype", "Kvittering"))}},
		"system":              {godt: []*Modtaget{besk()}, fejl: []*Modtaget{besk(felt("kildesystem", "Andet"))}},
		"headertype":          {e: Forvent{Er: "tid"}, godt: []*Modtaget{besk()}, fejl: []*Modtaget{besk(func(m *Modtaget) { m.Slags["registreringstid"] = "timestamp" })}, ingen: []*Modtaget{besk(func(m *Modtaget) { delete(m.Slags, "registreringstid") })}},
		"graense":             {godt: []*Modtaget{besk()}, fejl: []*Modtaget{besk(felt("handling", strings.Repeat("x", 1025)))}},
		"utf8":                {godt: []*Modtaget{besk()}, fejl: []*Modtaget{besk(felt("bruger", "S\xf8ren"))}},
		"ingen_tomme":         {godt: []*Modtaget{besk()}, fejl: []*Modtaget{besk(felt("handling", ""))}},
		"navne":               {godt: []*Modtaget{besk()}, fejl: []*Modtaget{besk(func(m *Modtaget) { m.Navne = append(m.Navne, "Tilstand") })}, ingen: []*Modtaget{besk(func(m *Modtaget) { m.Navne = nil })}},
		"tid_nu":              {e: Forvent{Felt: "registreringstid"}, godt: []*Modtaget{besk()}, fejl: []*Modtaget{besk(felt("registreringstid", time.Now().Add(2*time.Hour).Format(time.RFC3339)))}, ingen: []*Modtaget{besk(felt("registreringstid", "i går"))}},
		"interval":            {godt: []*Modtaget{besk(felt("gyldigFra", foer), felt("gyldigTil", senere))}, fejl: []*Modtaget{besk(felt("gyldigFra", senere), felt("gyldigTil", foer))}, ingen: []*Modtaget{besk()}},
		"ens":                 {e: Forvent{Felt: "objektID"}, godt: to(intet, intet), fejl: to(intet, felt("objektID", "urn:x:1")), ingen: []*Modtaget{besk()}},
		"forskellig":          {e: Forvent{Felt: "registreringstid"}, godt: to(felt("registreringstid", foer), felt("registreringstid", senere)), fejl: to(felt("registreringstid", foer), felt("registreringstid", foer)), ingen: []*Modtaget{besk()}},
		"part":                {godt: []*Modtaget{besk()}, fejl: []*Modtaget{besk(func(m *Modtaget) { delete(m.Felter, "relateret.primaerpart") })}},
		"relateret_form":      {godt: []*Modtaget{besk()}, fejl: []*Modtaget{besk(felt("relateret.primaerpart", opdigtetCPR))}, ingen: []*Modtaget{besk(func(m *Modtaget) { delete(m.Felter, "relateret.primaerpart") })}},
		"relateret_antal":     {godt: []*Modtaget{besk()}, fejl: []*Modtaget{besk(felt("relateretObjekttype.primaerpart", "Person", "Person"))}, ingen: []*Modtaget{besk(func(m *Modtaget) { delete(m.Felter, "relateretObjekttype.primaerpart") })}},
		"cpr_kun_i_relateret": {godt: []*Modtaget{besk()}, fejl: []*Modtaget{besk(felt("registreringID", opdigtetCPR+"-1"))}},
		"cpr_ikke_i_adresse":  {godt: []*Modtaget{besk()}, fejl: []*Modtaget{besk(func(m *Modtaget) { m.Adresse = "/borger/" + opdigtetCPR })}},

		"indhold_eller_reference": {godt: []*Modtaget{besk(), besk(indhold(""), felt("objektreference", "https://x"))}, fejl: []*Modtaget{besk(indhold(""))}},
		"indholdstype":            {godt: []*Modtaget{besk()}, fejl: []*Modtaget{besk(func(m *Modtaget) { m.Indholdstype = "" })}, ingen: []*Modtaget{besk(indhold(""))}},
		"indhold_laeses":          {godt: []*Modtaget{besk()}, fejl: []*Modtaget{besk(indhold(`{"a":`))}, ingen: []*Modtaget{besk(indhold(""))}},
		"indhold_enig":            {e: Forvent{Felt: "objektID"}, godt: []*Modtaget{besk()}, fejl: []*Modtaget{besk(indhold(`{"objektID":"0b1e6a52-5d0f-4a7c-8a44-9c1d2b3e4f50"}`))}, ingen: []*Modtaget{besk(indhold(`{}`))}},
		"indhold_helt":            {e: Forvent{Trin: 2}, godt: to(intet, intet), fejl: to(intet, indhold(`{"objektID":"x"}`)), ingen: []*Modtaget{besk()}},
		"indhold_graense":         {godt: []*Modtaget{besk()}, fejl: []*Modtaget{besk(indhold(strings.Repeat("x", 1<<20+1)))}},
		"uden_kendetegn":          {godt: []*Modtaget{besk()}, fejl: []*Modtaget{besk(indhold("xx a2VuZGV0ZWduLTE= kendetegn-1"))}},
		"kuvert_dele":             {godt: []*Modtaget{besk(kuvertmed(heleKuverten))}, fejl: []*Modtaget{besk(kuvertmed(heleKuverten + "<Leveranceinformation/>"))}, ingen: []*Modtaget{besk()}},
		"kuvert_unikid": {godt: []*Modtaget{besk(kuvertmed(heleKuverten))}, fejl: []*Modtaget{besk(kuvertmed("<Filtreringsdata><Beskedtype><UUIDIdentifikator>a</UUIDIdentifikator><URNIdentifikator>b</URNIdentifikator></Beskedtype></Filtreringsdata>"))},
			ingen: []*Modtaget{besk()}},
		"kuvert_dtd":  {godt: []*Modtaget{besk(kuvertmed(heleKuverten))}, fejl: []*Modtaget{besk(kuvertmed(heleKuverten), func(m *Modtaget) { m.DTD = true })}, ingen: []*Modtaget{besk()}},
		"kuvert_enig": {godt: []*Modtaget{besk(kuvertmed(heleKuverten), vedSiden("Sag"))}, fejl: []*Modtaget{besk(kuvertmed(heleKuverten), vedSiden("Dokument"))}, ingen: []*Modtaget{besk(kuvertmed(heleKuverten))}},

		"antal":           {e: Forvent{Antal: i(2)}, godt: to(intet, intet), fejl: []*Modtaget{besk()}},
		"entydigt_id":     {godt: to(intet, intet), fejl: []*Modtaget{besk(), besk(felt("livscykluskode", "Rettet"))}, ingen: []*Modtaget{besk(felt("beskedID"))}},
		"raekkefoelge":    {godt: to(felt("registreringstid", foer), felt("registreringstid", senere)), fejl: to(felt("registreringstid", senere), felt("registreringstid", foer)), ingen: []*Modtaget{besk()}},
		"gensendt":        {e: Forvent{Trin: 1}, godt: igen(), fejl: []*Modtaget{besk(svarede(Intet))}},
		"ikke_gensendt":   {e: Forvent{Trin: 1}, godt: igen(), fejl: []*Modtaget{besk(), besk()}},
		"samme_id":        {e: Forvent{Trin: 1}, godt: igenSomFoer(), fejl: igenSomFoer(felt("beskedID", "urn:x:9")), ingen: []*Modtaget{besk()}},
		"samme_indhold":   {e: Forvent{Trin: 1}, godt: igenSomFoer(felt("dannelsestidspunkt", senere)), fejl: igenSomFoer(indhold(`{"objektID":"x"}`)), ingen: []*Modtaget{besk()}},
		"ventede":         {e: Forvent{Trin: 1}, godt: []*Modtaget{besk(svarede(Senere)), besk(om(time.Second))}, fejl: []*Modtaget{besk(svarede(Senere)), besk()}, ingen: []*Modtaget{besk()}},
		"andre_gik_forbi": {e: Forvent{Trin: 1}, godt: []*Modtaget{besk(svarede(Midlertidig)), besk(trin(2), felt("objektID", "urn:x:2"))}, fejl: []*Modtaget{besk(svarede(Midlertidig)), besk(), besk(trin(2), felt("objektID", "urn:x:2"))}},

		"bekraeftelser":   {godtFl: linje(mellemled.Haendelse{Slags: mellemled.Publiceret, Exchange: "x", Bekraeftes: true}), fejlFl: linje(mellemled.Haendelse{Slags: mellemled.Publiceret, Exchange: "x"})},
		"mandatory":       {godtFl: linje(mellemled.Haendelse{Slags: mellemled.Publiceret, Exchange: "x", Mandatory: true}), fejlFl: linje(mellemled.Haendelse{Slags: mellemled.Publiceret, Exchange: "x"})},
		"vedvarende":      {godt: []*Modtaget{besk()}, fejl: []*Modtaget{besk(func(m *Modtaget) { m.Vedvarende = false })}},
		"svaradresse":     {godt: []*Modtaget{besk()}, fejl: []*Modtaget{besk(func(m *Modtaget) { m.Korrelation = "" })}},
		"specversion":     {godt: []*Modtaget{besk(form(Binaer))}, fejl: []*Modtaget{besk(form(Binaer), felt("specversion", "0.3"))}, ingen: []*Modtaget{besk()}},
		"ce_type":         {godt: []*Modtaget{besk(form(Struktureret), hoved("Content-Type", "application/cloudevents+json"))}, fejl: []*Modtaget{besk(form(Struktureret), hoved("Content-Type", "application/json"))}, ingen: []*Modtaget{besk()}},
		"procentkodet":    {godt: []*Modtaget{besk(form(Binaer), hoved("ce-bruger", "S%C3%B8ren"))}, fejl: []*Modtaget{besk(form(Binaer), hoved("ce-bruger", "Søren"))}, ingen: []*Modtaget{besk()}},
		"noegle":          {godt: []*Modtaget{besk(hoved("Authorization", "Bearer k-1"))}, fejl: []*Modtaget{besk()}},
		"noegle_skjult":   {godt: []*Modtaget{besk()}, fejl: []*Modtaget{besk(func(m *Modtaget) { m.Adresse = "/?noegle=k-1" })}},
		"ikke_viderestil": {godt: []*Modtaget{besk(svarede(Andetsteds))}, fejl: []*Modtaget{besk(svarede(Andetsteds)), besk(func(m *Modtaget) { m.Adresse = stiAndetsteds })}, ingen: []*Modtaget{besk()}},
		"signatur":        {godt: []*Modtaget{besk(medSignatur("1", 0, "krop"))}, fejl: []*Modtaget{besk(medSignatur("1", 0, "krop "))}},
		"tidsstempel":     {godt: []*Modtaget{besk(medSignatur("1", 0, "krop"))}, fejl: []*Modtaget{besk(medSignatur("1", time.Hour, "krop"))}},
		"webhook_id":      {e: Forvent{Trin: 1}, godt: igenSomFoer(), fejl: igenSomFoer(hoved("webhook-id", "2")), ingen: []*Modtaget{besk()}},
		"webhook_entydig": {godt: to(hoved("webhook-id", "1"), hoved("webhook-id", "2")), fejl: to(hoved("webhook-id", "1"), hoved("webhook-id", "1")), ingen: []*Modtaget{besk()}},
	}
	p := &Profil{System: "Byggesag"}
	p.Kald.Noegle, p.Kald.Hemmelighed = "k-1", proevehemmelighed
	liste := tjekliste(Afsender)
	for _, navn := range slices.Sorted(maps.Keys(liste)) {
		c, ok := tabel[navn]
		if !ok {
			t.Errorf("the check %s has no test", navn)
			continue
		}
		se := func(fl *forloeb, set []*Modtaget, vil Status) {
			t.Helper()
			if fl == nil {
				fl = &forloeb{set: set}
			}
			fl.p, fl.start, fl.kendetegn, fl.cpr = p, time.Now(), "kendetegn-1", opdigtetCPR
			c.e.Tjek = navn
			if f := liste[navn].f(fl, &c.e); f.status != vil || vil != Bestaaet && f.tekst == "" {
				t.Errorf("%s: %s %q, want %s", navn, f.status, f.tekst, vil)
			}
		}
		se(c.godtFl, c.godt, Bestaaet)
		se(c.fejlFl, c.fejl, Fejlet)
		if c.ingen != nil {
			se(nil, c.ingen, IkkeAfproevet)
		}
		if navn != "antal" { // none is a number too
			se(nil, nil, IkkeAfproevet)
		}
	}
	if len(tabel) != len(liste) {
		t.Errorf("%d tests of %d checks", len(tabel), len(liste))
	}
}

func vedSiden(type_ string) func(*Modtaget) {
	return func(m *Modtaget) { m.VedSiden = map[string][]string{"objekttype": {type_}} }
}

func om(d time.Duration) func(*Modtaget) { return func(m *Modtaget) { m.Tid = m.Tid.Add(d) } }

// igenSomFoer is a besked that got no answer, and came once more.
func igenSomFoer(f ...func(*Modtaget)) []*Modtaget {
	fast := felt("registreringstid", foer)
	return []*Modtaget{besk(fast, svarede(Intet), hoved("webhook-id", "1")), besk(append([]func(*Modtaget){fast, hoved("webhook-id", "1")}, f...)...)}
}
