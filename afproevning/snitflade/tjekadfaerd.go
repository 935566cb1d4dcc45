package snitflade

import (
	"bytes"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/moxkit/mox"
	"github.com/moxkit/mox/afproevning/snitflade/mellemled"
	"github.com/moxkit/mox/internal/webhook"
)

// adfaerdstjek are about what the product sends when, and what it does about an answer.
func adfaerdstjek() map[string]tjek {
	return map[string]tjek{
		"antal":           {skal: []string{"antal"}, maa: []string{"trin"}, f: antal},
		"entydigt_id":     {f: entydigtID},
		"raekkefoelge":    {f: raekkefoelge},
		"gensendt":        {skal: []string{"trin"}, f: gensendt},
		"ikke_gensendt":   {skal: []string{"trin"}, f: ikkeGensendt},
		"samme_id":        {skal: []string{"trin"}, f: sammeID},
		"samme_indhold":   {skal: []string{"trin"}, f: sammeIndhold},
		"ventede":         {skal: []string{"trin"}, f: ventede},
		"andre_gik_forbi": {skal: []string{"trin"}, f: andreGikForbi},
	}
}

// haendelse is what a besked is about: attempts at it, also under another beskedID, have it in common.
func (m *Modtaget) haendelse() string {
	if m.Ulaeselig != "" {
		return string(m.Krop)
	}
	return strings.ToLower(strings.Join([]string{m.en("objektID"), m.en("livscykluskode"), m.en("handling"), m.en("registreringstid")}, " "))
}

// noegle is what attempts to send one besked have in common.
func (m *Modtaget) noegle() string { return m.en("beskedID") + " " + m.haendelse() }

// forskellige are the beskeder of a step: attempts with one beskedID are one.
func forskellige(set []*Modtaget) (ud []*Modtaget) {
	for _, m := range set {
		if !slices.ContainsFunc(ud, func(x *Modtaget) bool { return x.noegle() == m.noegle() }) {
			ud = append(ud, m)
		}
	}
	return ud
}

func (fl *forloeb) manglende(trin int) string {
	for _, n := range slices.Sorted(maps.Keys(fl.mangler)) {
		if trin == 0 || n == trin {
			return fl.mangler[n]
		}
	}
	return ""
}

func antal(fl *forloeb, e *Forvent) fund {
	if mangler := fl.manglende(e.Trin); mangler != "" {
		return fejl("%s", mangler)
	}
	if len(fl.mangler) > 0 {
		return intet("Et tidligere trin gav ingen besked")
	}
	if n := len(forskellige(fl.afTrin(e.Trin))); n != *e.Antal {
		return fejl("Der kom %d %s; der skulle være kommet %d", n, flertal(n, "besked", "beskeder"), *e.Antal)
	}
	return godt()
}

func entydigtID(fl *forloeb, _ *Forvent) fund {
	om := map[string]string{}
	for _, m := range fl.set {
		id := m.en("beskedID")
		if id == "" {
			continue
		}
		if foer, set := om[id]; set && foer != m.haendelse() {
			return fejl("beskedID %s er brugt til to forskellige hændelser", vist(id))
		}
		om[id] = m.haendelse()
	}
	if len(om) == 0 {
		return intet("Ingen besked havde beskedID")
	}
	return godt()
}

// raekkefoelge holds the order in which the beskeder of one objekt were taken against their times.
func raekkefoelge(fl *forloeb, _ *Forvent) fund {
	sidst := map[string]time.Time{}
	sammenlignet := false
	for _, m := range fl.set {
		t, err := time.Parse(time.RFC3339Nano, m.en("registreringstid"))
		if m.Svar != Tag || err != nil {
			continue
		}
		foer, set := sidst[m.en("objektID")]
		if set && t.Before(foer) {
			return fejl("Beskeden om registreringen %s kom efter den om %s for samme objekt", t.Format(time.RFC3339Nano), foer.Format(time.RFC3339Nano))
		}
		sammenlignet = sammenlignet || set
		sidst[m.en("objektID")] = t
	}
	switch {
	case sammenlignet:
		return godt()
	case len(fl.mangler) > 0:
		return intet("%s", fl.manglende(0))
	}
	return intet("Der kom ikke to beskeder om samme objekt")
}

// forsoeg are the attempts at what the first besked of a step was about.
func (fl *forloeb) forsoeg(trin int) (ud []*Modtaget) {
	af := fl.afTrin(trin)
	for _, m := range fl.set {
		if len(af) > 0 && (m.haendelse() == af[0].haendelse() || m.en("beskedID") != "" && m.en("beskedID") == af[0].en("beskedID")) {
			ud = append(ud, m)
		}
	}
	return ud
}

func gensendt(fl *forloeb, e *Forvent) fund {
	f := fl.forsoeg(e.Trin)
	switch {
	case len(f) == 0 && fl.manglende(0) != "":
		return fejl("%s", fl.manglende(0))
	case len(f) == 0:
		return intet("Der kom ingen besked")
	case len(f) == 1:
		return fejl("Beskeden blev ikke sendt igen efter svaret %s", svartekst(f[0].Svar))
	}
	return godt()
}

func svartekst(s Svar) string {
	return map[Svar]string{Tag: "modtaget", Afvis: "afvist", Midlertidig: "kan ikke nu", Senere: "kan ikke nu, vent et sekund", Intet: "intet svar", Andetsteds: "gå et andet sted hen"}[s]
}

func ikkeGensendt(fl *forloeb, e *Forvent) fund {
	f := fl.forsoeg(e.Trin)
	if len(f) == 0 {
		return intet("Der kom ingen besked")
	}
	i := slices.IndexFunc(f, func(m *Modtaget) bool { return m.Svar == Tag || m.Svar == Afvis })
	if i >= 0 && i < len(f)-1 {
		return fejl("Beskeden blev sendt igen efter svaret %s", svartekst(f[i].Svar))
	}
	return godt()
}

func sammeID(fl *forloeb, e *Forvent) fund {
	f := fl.forsoeg(e.Trin)
	if len(f) < 2 {
		return intet("Beskeden blev ikke sendt igen")
	}
	for _, m := range f[1:] {
		if m.en("beskedID") != f[0].en("beskedID") {
			return fejl("Beskeden blev sendt igen med et andet beskedID: %s, før %s", vist(m.en("beskedID")), vist(f[0].en("beskedID")))
		}
	}
	return godt()
}

func sammeIndhold(fl *forloeb, e *Forvent) fund {
	f := fl.forsoeg(e.Trin)
	if len(f) < 2 {
		return intet("Beskeden blev ikke sendt igen")
	}
	for _, m := range f[1:] {
		if navn := forskelligtFelt(f[0], m); navn != "" {
			return fejl("Beskeden blev sendt igen med et andet indhold: %s er ikke det samme", navn)
		}
	}
	return godt()
}

// forskelligtFelt is the first thing that two attempts say differently. When a besked was formed does not count, and neither does
// what belongs to the delivery.
func forskelligtFelt(a, b *Modtaget) string {
	for _, f := range mox.Beskedfelter() {
		if !f.Uden && f.Navn != "beskedID" && !slices.Equal(a.Felter[f.Navn], b.Felter[f.Navn]) {
			return f.Navn
		}
	}
	for _, rolle := range a.roller() {
		if !slices.Equal(a.Felter[rolle], b.Felter[rolle]) {
			return rolle
		}
	}
	x, _ := a.blade()
	y, _ := b.blade()
	if !slices.Equal(x, y) || len(x) == 0 && !bytes.Equal(a.Indhold, b.Indhold) {
		return "indholdet"
	}
	return ""
}

// aldrigFoer is Retry-After of [Senere], less what a clock may be off.
const aldrigFoer = 950 * time.Millisecond

func ventede(fl *forloeb, e *Forvent) fund {
	f := fl.forsoeg(e.Trin)
	if len(f) < 2 {
		return intet("Beskeden blev ikke sendt igen")
	}
	if d := f[1].Tid.Sub(f[0].Tid); f[0].Svar == Senere && d < aldrigFoer {
		return fejl("Svaret bad om et sekund (Retry-After: 1), og beskeden kom igen efter %s", d.Round(time.Millisecond))
	}
	return godt()
}

// andreGikForbi looks for a besked of another objekt that was taken while that of the step had to wait.
func andreGikForbi(fl *forloeb, e *Forvent) fund {
	ventende := fl.forsoeg(e.Trin)
	if len(ventende) == 0 || ventende[0].en("objektID") == "" {
		return intet("Der kom ingen besked med objektID")
	}
	taget := func(l []*Modtaget) int {
		return slices.IndexFunc(fl.set, func(m *Modtaget) bool { return m.Svar == Tag && slices.Contains(l, m) })
	}
	var andre []*Modtaget
	for _, m := range fl.set {
		if m.en("objektID") != ventende[0].en("objektID") {
			andre = append(andre, m)
		}
	}
	a, v := taget(andre), taget(ventende)
	if a < 0 || v >= 0 && v < a {
		return fejl("Beskeden om et andet objekt kom ikke, mens den første ventede")
	}
	return godt()
}

// vejtjek are about how the product uses the carrier.
func vejtjek() map[string]tjek {
	return map[string]tjek{
		"bekraeftelser": {f: paaLedningen("Produktet beder ikke mægleren om at bekræfte (confirm.select)", func(h mellemled.Haendelse) bool { return h.Bekraeftes })},
		"mandatory":     {f: paaLedningen("Beskeder sendes uden mandatory: er der ingen kø, forsvinder de uden et ord", func(h mellemled.Haendelse) bool { return h.Mandatory })},
		"vedvarende":    {f: hver(vedvarende)},
		"svaradresse":   {f: hver(svaradresse)},

		"specversion":     {f: hver(specversion)},
		"ce_type":         {f: hver(ceType)},
		"procentkodet":    {f: hver(procentkodet)},
		"noegle":          {f: hver(viserNoegle)},
		"noegle_skjult":   {f: hver(noegleSkjult)},
		"ikke_viderestil": {f: ikkeViderestil},
		"signatur":        {f: hver(signatur)},
		"tidsstempel":     {f: hver(tidsstempel)},
		"webhook_id":      {skal: []string{"trin"}, f: webhookID},
		"webhook_entydig": {f: webhookEntydig},
	}
}

// paaLedningen is a check of every publish that was seen on the line.
func paaLedningen(tekst string, f func(mellemled.Haendelse) bool) func(*forloeb, *Forvent) fund {
	return func(fl *forloeb, _ *Forvent) fund {
		set := false
		for _, h := range fl.haendelser {
			if h.Slags != mellemled.Publiceret || h.Exchange == "" {
				continue
			}
			if set = true; !f(h) {
				return fejl("%s", tekst)
			}
		}
		if !set {
			return intetAf(errKanIkke)
		}
		return godt()
	}
}

func vedvarende(_ *forloeb, _ *Forvent, m *Modtaget) fund {
	if !m.Vedvarende {
		return fejl("Beskeden er ikke vedvarende (delivery-mode 2): den er væk, når mægleren genstarter")
	}
	return godt()
}

func svaradresse(_ *forloeb, _ *Forvent, m *Modtaget) fund {
	switch {
	case m.SvarTil == "":
		return fejl("Beskeden har ikke reply-to, så ingen kan svare")
	case m.Korrelation == "":
		return fejl("Beskeden beder om svar, men har ikke correlation-id")
	}
	return godt()
}

func specversion(_ *forloeb, _ *Forvent, m *Modtaget) fund {
	if m.Form != Binaer && m.Form != Struktureret {
		return intet("Ingen besked kom som CloudEvent")
	}
	if v := m.en("specversion"); v != "1.0" {
		return fejl("specversion er %s, ikke 1.0", vist(v))
	}
	return godt()
}

func ceType(_ *forloeb, _ *Forvent, m *Modtaget) fund {
	t := m.Hoved.Get("Content-Type")
	switch {
	case m.Form != Struktureret:
		return intet("Ingen besked kom som CloudEvent i JSON")
	case !strings.HasPrefix(t, "application/cloudevents+json"):
		return fejl("kaldets Content-Type er %s, ikke application/cloudevents+json", vist(t))
	}
	return godt()
}

// procentkodet finds a header that has more than a header may: others read it in another character set.
func procentkodet(_ *forloeb, _ *Forvent, m *Modtaget) fund {
	if m.Form != Binaer {
		return intet("Ingen besked kom som CloudEvent i headers")
	}
	for _, navn := range slices.Sorted(maps.Keys(m.Hoved)) {
		for _, v := range m.Hoved[navn] {
			if strings.HasPrefix(navn, "Ce-") && strings.ContainsFunc(v, func(r rune) bool { return r < ' ' || r > '~' }) {
				return fejl("Headeren %s har tegn, der skal procentkodes", strings.ToLower(navn))
			}
		}
	}
	return godt()
}

func viserNoegle(fl *forloeb, _ *Forvent, m *Modtaget) fund {
	if m.Hoved.Get("Authorization") != "Bearer "+fl.p.Kald.Noegle {
		return fejl("Kaldet har ikke nøglen i Authorization: Bearer …")
	}
	return godt()
}

func noegleSkjult(fl *forloeb, _ *Forvent, m *Modtaget) fund {
	if strings.Contains(m.Adresse, fl.p.Kald.Noegle) {
		return fejl("Nøglen står i adressen, og adresser skrives i logge")
	}
	return godt()
}

func ikkeViderestil(fl *forloeb, _ *Forvent) fund {
	sendt := false
	for _, m := range fl.set {
		sendt = sendt || m.Svar == Andetsteds
		if strings.HasPrefix(m.Adresse, stiAndetsteds) {
			return fejl("Beskeden blev sendt videre til den adresse, svaret viste til")
		}
	}
	if !sendt {
		return intet("Der kom ingen besked")
	}
	return godt()
}

// signatur checks a call as a receiver does. https://www.standardwebhooks.com
func signatur(fl *forloeb, _ *Forvent, m *Modtaget) fund {
	k, err := webhook.LaesHemmelighed(fl.p.Kald.Hemmelighed)
	if err != nil {
		return intet("Profilens http.hemmelighed er ikke whsec_…")
	}
	for v := range strings.FieldsSeq(m.Hoved.Get(webhook.HeaderSignatur)) {
		if v == underskrift(k, m.Hoved.Get(webhook.HeaderID), m.Hoved.Get(webhook.HeaderTid), m.Krop) {
			return godt()
		}
	}
	return fejl("webhook-signature passer ikke til kaldet og hemmeligheden")
}

func tidsstempel(_ *forloeb, _ *Forvent, m *Modtaget) fund {
	t, err := unixtid(m.Hoved.Get(webhook.HeaderTid))
	switch {
	case err != nil:
		return fejl("webhook-timestamp er ikke et helt antal sekunder")
	case t.Before(m.Tid.Add(-skaevtUr)) || t.After(m.Tid.Add(skaevtUr)):
		return fejl("webhook-timestamp er mere end fem minutter fra nu")
	}
	return godt()
}

func webhookID(fl *forloeb, e *Forvent) fund {
	f := fl.forsoeg(e.Trin)
	if len(f) < 2 {
		return intet("Beskeden blev ikke sendt igen")
	}
	for _, m := range f[1:] {
		if m.Hoved.Get(webhook.HeaderID) != f[0].Hoved.Get(webhook.HeaderID) {
			return fejl("webhook-id er et andet, når den samme besked sendes igen")
		}
	}
	return godt()
}

func webhookEntydig(fl *forloeb, _ *Forvent) fund {
	om := map[string]string{}
	for _, m := range fl.set {
		id := m.Hoved.Get(webhook.HeaderID)
		if foer, set := om[id]; set && foer != m.haendelse() {
			return fejl("webhook-id er den samme for to forskellige beskeder")
		}
		om[id] = m.haendelse()
	}
	if len(om) < 2 {
		return intet("Der kom ikke to beskeder at sammenligne")
	}
	return godt()
}
