package mox_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/moxkit/mox"
	"github.com/moxkit/mox/internal/conformance"
)

// TestValider breaks one rule at a time. The dialogues show several at once.
func TestValider(t *testing.T) {
	t.Parallel()
	conformance.Proves(t, "oio 5", "oio 18", "oio 23", "oio 25", "oio 48", "oio 49", "oio 84", "mox 55")
	egenskaber := func(r *mox.Registrering) *mox.Attribut { return &r.Attributter["dokumentegenskaber"][0] }
	for navn, c := range map[string]struct {
		aendr func(*mox.Registrering)
		brud  []string
	}{
		"i orden":           {func(*mox.Registrering) {}, nil},
		"ingen kode":        {func(r *mox.Registrering) { r.LivscyklusKode = "" }, []string{"livscykluskode kodeliste"}},
		"bruger":            {func(r *mox.Registrering) { r.BrugerRef.UUID = "hanne" }, []string{"brugerref uuid"}},
		"bruger, to":        {func(r *mox.Registrering) { r.BrugerRef = mox.Reference{UUID: "x", URN: "y"} }, []string{"brugerref reference"}},
		"note":              {func(r *mox.Registrering) { r.NoteTekst = "\x00" }, []string{"note vaerdi"}},
		"ingen egenskaber":  {func(r *mox.Registrering) { r.Attributter = nil }, []string{"attributter.dokumentegenskaber kraevet"}},
		"ukendt sæt":        {func(r *mox.Registrering) { r.Attributter["egenskaber"] = r.Attributter["dokumentegenskaber"] }, []string{"attributter.egenskaber ukendt"}},
		"ukendt felt":       {func(r *mox.Registrering) { egenskaber(r).Felter["farve"] = "rød" }, []string{"attributter.dokumentegenskaber[0].farve ukendt"}},
		"felt mangler":      {func(r *mox.Registrering) { delete(egenskaber(r).Felter, "titel") }, []string{"attributter.dokumentegenskaber[0].titel kraevet"}},
		"felt tomt":         {func(r *mox.Registrering) { egenskaber(r).Felter["titel"] = "" }, []string{"attributter.dokumentegenskaber[0].titel kraevet"}},
		"felt for langt":    {func(r *mox.Registrering) { egenskaber(r).Felter["titel"] = strings.Repeat("æ", 256) }, []string{"attributter.dokumentegenskaber[0].titel vaerdi"}},
		"felt ikke UTF-8":   {func(r *mox.Registrering) { egenskaber(r).Felter["titel"] = "\xe6" }, []string{"attributter.dokumentegenskaber[0].titel vaerdi"}},
		"ikke et tal":       {func(r *mox.Registrering) { egenskaber(r).Felter["major"] = "1.0" }, []string{"attributter.dokumentegenskaber[0].major vaerdi"}},
		"tal på anden form": {func(r *mox.Registrering) { egenskaber(r).Felter["major"] = "007" }, []string{"attributter.dokumentegenskaber[0].major vaerdi"}},
		"ikke en dato":      {func(r *mox.Registrering) { egenskaber(r).Felter["brevdato"] = "2026-02-30" }, []string{"attributter.dokumentegenskaber[0].brevdato vaerdi"}},
		"ikke ja eller nej": {func(r *mox.Registrering) { r.Varianter[0].Egenskaber[0].Felter["produktion"] = "ja" }, []string{"varianter[0].egenskaber[0].produktion vaerdi"}},
		"ingen tilstand":    {func(r *mox.Registrering) { r.Tilstande = nil }, []string{"tilstande.dokumentfremdrift kraevet"}},
		"ukendt tilstand":   {func(r *mox.Registrering) { r.Tilstande["fremdrift"] = nil }, []string{"tilstande.fremdrift ukendt"}},
		"sagens tilstand":   {func(r *mox.Registrering) { r.Tilstande["dokumentfremdrift"][0].Vaerdi = "Oplyst" }, []string{"tilstande.dokumentfremdrift[0].fremdrift kodeliste"}},
		"ingen reference":   {func(r *mox.Registrering) { r.Relationer["ejer"][0].Reference = mox.Reference{} }, []string{"relationer.ejer[0] reference"}},
		"to referencer":     {func(r *mox.Registrering) { r.Relationer["ejer"][0].Reference.UUID = mox.NyUUID() }, []string{"relationer.ejer[0] reference"}},
		"urn":               {func(r *mox.Registrering) { r.Relationer["ejer"][0].Reference.URN = "x" }, []string{"relationer.ejer[0].urn urn"}},
		"uuid":              {func(r *mox.Registrering) { r.Relationer["ejer"][0].Reference = mox.Reference{UUID: "x"} }, []string{"relationer.ejer[0].uuid uuid"}},
		"relateret type":    {func(r *mox.Registrering) { r.Relationer["ejer"][0].ObjektType = "\xff" }, []string{"relationer.ejer[0].objekttype vaerdi"}},
		"indeks":            {func(r *mox.Registrering) { r.Relationer["ejer"][0].Indeks = -1 }, []string{"relationer.ejer[0].indeks vaerdi"}},
		"ukendt relation":   {func(r *mox.Registrering) { r.Relationer["redskab"] = r.Relationer["ejer"] }, []string{"relationer.redskab ukendt"}},
		"felt på relation":  {func(r *mox.Registrering) { r.Relationer["ejer"][0].Felter = map[string]string{"x": "1"} }, []string{"relationer.ejer[0].x ukendt"}},
		"to ejere": {func(r *mox.Registrering) {
			e := r.Relationer["ejer"][0]
			e.Virkning = mellem(3, 4)
			r.Relationer["ejer"] = append(r.Relationer["ejer"], e)
		}, []string{"relationer.ejer[1].virkning overlap"}},
		"ingen virkning":   {func(r *mox.Registrering) { egenskaber(r).Virkning = mox.Virkning{} }, []string{"attributter.dokumentegenskaber[0].virkning kraevet"}},
		"tom virkning":     {func(r *mox.Registrering) { egenskaber(r).Virkning.Til = tidspunkt(0) }, []string{"attributter.dokumentegenskaber[0].virkning.til interval"}},
		"omvendt virkning": {func(r *mox.Registrering) { egenskaber(r).Virkning.Til = mox.MinusUendelig }, []string{"attributter.dokumentegenskaber[0].virkning.til interval"}},
		"for sent": {func(r *mox.Registrering) {
			egenskaber(r).Virkning.Til = mox.Kl(time.Date(10000, 1, 1, 0, 0, 0, 0, time.UTC))
		}, []string{"attributter.dokumentegenskaber[0].virkning tid"}},
		"aktørtype":          {func(r *mox.Registrering) { egenskaber(r).Virkning.AktoerTypeKode = "Robot" }, []string{"attributter.dokumentegenskaber[0].virkning.aktoertypekode kodeliste"}},
		"aktør":              {func(r *mox.Registrering) { egenskaber(r).Virkning.AktoerRef.UUID = "x" }, []string{"attributter.dokumentegenskaber[0].virkning.aktoerref uuid"}},
		"aktør, to":          {func(r *mox.Registrering) { egenskaber(r).Virkning.AktoerRef = mox.Reference{UUID: "x", URN: "y"} }, []string{"attributter.dokumentegenskaber[0].virkning.aktoerref reference"}},
		"virkningens note":   {func(r *mox.Registrering) { egenskaber(r).Virkning.NoteTekst = "\x00" }, []string{"attributter.dokumentegenskaber[0].virkning.notetekst vaerdi"}},
		"variant uden navn":  {func(r *mox.Registrering) { r.Varianter[0].VariantTekst = "" }, []string{"varianter[0].varianttekst entydig"}},
		"variant to gange":   {func(r *mox.Registrering) { r.Varianter = append(r.Varianter, mox.Variant{VariantTekst: "pdf"}) }, []string{"varianter[1].varianttekst entydig"}},
		"variants navn":      {func(r *mox.Registrering) { r.Varianter[0].VariantTekst = "\x00" }, []string{"varianter[0].varianttekst vaerdi"}},
		"del to gange":       {func(r *mox.Registrering) { r.Varianter[0].Dele = append(r.Varianter[0].Dele, mox.Del{DelTekst: "1"}) }, []string{"varianter[0].dele[1].deltekst entydig"}},
		"dels navn":          {func(r *mox.Registrering) { r.Varianter[0].Dele[0].DelTekst = "\xff" }, []string{"varianter[0].dele[0].deltekst vaerdi"}},
		"dels ukendte felt":  {func(r *mox.Registrering) { r.Varianter[0].Dele[0].Egenskaber[0].Felter["produktion"] = "true" }, []string{"varianter[0].dele[0].egenskaber[0].produktion ukendt"}},
		"dels egen relation": {func(r *mox.Registrering) { r.Varianter[0].Dele[0].Relationer = r.Relationer }, []string{"varianter[0].dele[0].relationer.ejer ukendt"}},
		"dels relation to gange": {func(r *mox.Registrering) {
			r.Varianter[0].Dele[0].Relationer = map[string][]mox.Relation{"underredigeringaf": slices.Repeat(r.Relationer["ejer"], 2)}
		}, []string{"varianter[0].dele[0].relationer.underredigeringaf[1].virkning overlap"}},
	} {
		r := nyt(t, mox.Dokument, map[string]string{"relationer.ejer": "urn:x:1", "varianter.pdf.produktion": "true", "varianter.pdf.dele.1.mimetype": "x"})
		c.aendr(&r)
		err := r.Valider(mox.Dokument)
		if c.brud == nil {
			if err != nil {
				t.Errorf("%s: %v", navn, err)
			}
			continue
		}
		if d := cmp.Diff(c.brud, brud(t, err)); d != "" || mox.KodeAf(err) != mox.KodeUgyldig {
			t.Errorf("%s: %v\n%s", navn, err, d)
		}
	}
	r := nySag(t, nil)
	r.Varianter = []mox.Variant{{VariantTekst: "x"}}
	if d := cmp.Diff([]string{"varianter ukendt"}, brud(t, r.Valider(mox.Sag))); d != "" {
		t.Error(d)
	}
	if mox.KodeAf(r.Valider("Bil")) != mox.KodeUgyldig {
		t.Error("a Bil is valid")
	}
}

// TestValiderGodtager has what the standard allows, and a stricter eye would not.
func TestValiderGodtager(t *testing.T) {
	t.Parallel()
	conformance.Proves(t, "oio 8", "oio 27", "oio 77", "oio 81")
	r := nySag(t, map[string]string{
		"relationer.ejer": "URN:Empty", "relationer.andresager.0": "urn:x:1", "relationer.andresager.1": "urn:x:1",
		"relationer.journalpost.0.journalpostkode": "journalnotat", "egenskaber.principiel": "",
	})
	r = laeg(t, mox.Sag, r, map[string]string{"tilstande.fremdrift": "Afsluttet"}, mox.Fra(tidspunkt(2)))
	r = laeg(t, mox.Sag, r, map[string]string{"tilstande.fremdrift": "Oplyst"}, mox.Fra(tidspunkt(4)))
	r.Attributter["sagegenskaber"][0].Felter["afleveret"] = "" // given as blank
	if err := r.Valider(mox.Sag); err != nil {
		t.Error(err)
	}
}

// TestValiderKodelister has every value of every state, and of no other type.
func TestValiderKodelister(t *testing.T) {
	t.Parallel()
	conformance.Proves(t, "oio 76", "oio 83")
	for navn, want := range map[mox.ObjektType]string{
		mox.Sag:      "Opstaaet Oplyst Afgjort Bestilt Udfoert Afsluttet",
		mox.Dokument: "Modtaget Fordelt Underudarbejdelse Underreview Publiceret Endeligt Afleveret",
	} {
		for _, v := range strings.Fields("Opstaaet Oplyst Afgjort Bestilt Udfoert Afsluttet Modtaget Fordelt Underudarbejdelse Underreview Publiceret Endeligt Afleveret Endelig Igang opstaaet") {
			r := nyt(t, navn, nil)
			r = laeg(t, navn, r, map[string]string{"tilstande.fremdrift": v}, mox.Fra(tidspunkt(0)))
			if ok := r.Valider(navn) == nil; ok != slices.Contains(strings.Fields(want), v) {
				t.Errorf("%s %s: %v", navn, v, ok)
			}
		}
	}
}

// TestValiderMange shows that checking for overlap does not grow as the square of the segments: what a sender may put in
// one besked is looked through in a moment.
func TestValiderMange(t *testing.T) {
	t.Parallel()
	r := nySag(t, nil)
	const antal = 20_000
	l := make([]mox.Tilstand, 0, antal)
	for i := range antal {
		l = append(l, mox.Tilstand{Vaerdi: "Oplyst", Virkning: mox.Virkning{Fra: mox.Kl(dag("2026-01-01").Add(time.Duration(i) * time.Second)), Til: mox.Kl(dag("2026-01-01").Add(time.Duration(i+1) * time.Second))}})
	}
	slices.Reverse(l)
	r.Tilstande["sagfremdrift"] = l
	start := time.Now()
	if err := r.Valider(mox.Sag); err != nil {
		t.Fatal(err)
	}
	if brugt := time.Since(start); brugt > 2*time.Second {
		t.Errorf("took %v", brugt)
	}
	l[antal/2].Virkning.Til = mox.Uendelig
	if d := cmp.Diff([]string{fmt.Sprintf("tilstande.sagfremdrift[%d].virkning overlap", antal/2)}, brud(t, r.Valider(mox.Sag))); d != "" {
		t.Error(d)
	}
}
